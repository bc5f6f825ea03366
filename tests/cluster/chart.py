"""A bar chart as SVG."""

COLOURS = {"flytekit": "#b0b0b0", "nebulakit": "#7652a2", "bare": "#d9c8f0"}
WIDTH, LEFT, BAR, GAP = 720, 110, 16, 14


def bars(table):
    """`table` holds seconds by row and side."""
    longest = max(max(row.values()) for row in table.values())
    parts, y = [], 34
    for label, row in table.items():
        parts.append(f'<text x="{LEFT - 8}" y="{y + BAR * len(row) / 2 + 4}" text-anchor="end">{label}</text>')
        for side, seconds in row.items():
            length = (WIDTH - LEFT - 70) * seconds / longest
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{COLOURS[side]}"/>')
            parts.append(f'<text x="{LEFT + length + 6:.1f}" y="{y + BAR - 5}">{seconds:.1f} s</text>')
            y += BAR
        y += GAP
    for index, (side, colour) in enumerate(COLOURS.items()):
        parts.append(f'<rect x="{LEFT + 110 * index}" y="10" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{LEFT + 18 + 110 * index}" y="20">{side}</text>')
    style = "font-family: sans-serif; font-size: 12px"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" style="{style}">\n' + "\n".join(parts) + "\n</svg>\n"
