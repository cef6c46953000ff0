#!/usr/bin/env bash
# Installs what the tests and the benchmark need beyond Python and Node: an RTSP server and an S3
# service to test against, ffmpeg as a second opinion, a browser. Does nothing where all is there;
# the product itself needs none of it.
set -euo pipefail

packages=(
  chromium ffmpeg fonts-dejavu-core
  gir1.2-gst-rtsp-server-1.0 gir1.2-gstreamer-1.0 python3-gi
  gstreamer1.0-plugins-bad gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-rtsp
  memcached prometheus prometheus-alertmanager swift swift-account swift-container swift-object swift-proxy
)

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "provision: this is no Debian-like system. The tests need: chromium, ffmpeg, and GStreamer's" \
    "RTSP server with its Python bindings (GstRtspServer 1.0 for the system's python3), OpenStack" \
    "Swift and memcached." >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  [[ $status == "install ok installed" ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  echo "provision: all Debian packages are there."
  exit 0
fi

if ((EUID != 0)); then
  echo "provision: not root, so nothing was installed. For the whole test suite run:" >&2
  echo "  sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
  exit 0
fi

echo "provision: installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  echo "provision: apt-get failed (its last lines stand above)." >&2
  exit 1
fi
