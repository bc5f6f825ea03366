"""Writes the small configuration files that the fuzz target `config` begins with. usage: config.py FOLDER"""

import pathlib
import sys

INI = """\
# a comment
[DEFAULT]
key = s3%%cret
[platform]
URL = dns:///flyte.example.com
insecure: True
[credentials]
command = sh, -c,
    echo token
client_secret = %(key)s
auth_mode = client_credentials
scopes = all,offline
; another
[aws]
secret_access_key = 50%off
addressing_style = path
retries = 5
backoff_seconds = 0.5
[secrets]
env_prefix =
port = udp://10.0.0.1:9125
[images]
main = ghcr.io/me/app:1
"""
REFERENCES = "[platform]\na = %(b)s%(b)s\nb = %(c)s%(c)s\nc = x\nurl = %(a)s%(A)s\n"
CIRCLE = "[platform]\na = %(b)s\nb = %(a)s\n"
OPEN = "[platform]\nurl = %(%(%(a)s%(\n"
YAML = """\
admin:
  endpoint: dns:///flyte.example.com
  insecure: true
  authType: Pkce
  command: [sh, -c, echo token]
  scopes: [all]
storage:
  connection: {access-key: minio, secret-key: miniostorage, endpoint: "http://localhost:30002"}
images:
  main: ghcr.io/me/app:1
"""
ALIASES = "a: &a [x, x]\nb: &b [*a, *a]\nadmin: {endpoint: x, scopes: *a, <<: {command: *b}}\n"
BLOCK = "admin:\n  endpoint: |\n    x\n  clientId: >-\n    y\n    z\n---\n? [a, b]\n: !!str 1\n"
VALUES = ["0.25", "1e400", "-1", "NaN", "65535", "tcp://10.0.0.1:8125", "info,app=debug,x=loud", "ExternalCommand", "off", "a, b,,c"]


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    files = {"ini": INI, "references": REFERENCES, "circle": CIRCLE, "open": OPEN, "yaml": YAML, "aliases": ALIASES, "block": BLOCK}
    files |= {f"value-{number}": value for number, value in enumerate(VALUES)}
    for name, text in files.items():
        (folder / name).write_text(text, newline="")


if __name__ == "__main__":
    main()
