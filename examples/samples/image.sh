#!/usr/bin/env bash
# Makes the image localhost/samtools of the samtools of this machine, where no registry can be reached. usage: image.sh ENGINE
set -euo pipefail

program=$(command -v samtools)
libraries=$(ldd "$program" | grep -o '/[^ ]*')
tar --create --dereference --absolute-names "$program" $libraries | "$1" import - localhost/samtools >/dev/null
