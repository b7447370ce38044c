#!/bin/sh
# Makes sure that there is a Firefox for the tests of a second browser: one that is found, else Debian's as root.
set -eu
for name in firefox-esr firefox; do
  if command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends firefox-esr >/dev/null
else
  echo "There is no Firefox, and only root can install Debian's. Install Firefox, then run this again." >&2
  exit 1
fi
