#!/bin/sh
# Makes sure that there are the other two browser engines that `make soak` tests: Firefox and WebKitGTK, as Debian has them.
set -eu
missing=""
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || missing="firefox-esr"
command -v WebKitWebDriver >/dev/null || missing="$missing webkit2gtk-driver"
command -v Xvfb >/dev/null || missing="$missing xvfb"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
  echo "There is no $missing, and only root can install Debian's. Install them, then run this again." >&2
  exit 1
fi
