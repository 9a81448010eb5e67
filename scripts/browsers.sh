# shellcheck shell=bash
# What a bare machine lacks for the tests, browsers above all: found, or installed with apt where
# that may be done. Nothing but the tests installs anything outside the project.

# become_root: sets ROOT_BY to what runs a command as root without asking; fails where nothing does.
become_root() {
  ROOT_BY=()
  if (($(id -u) == 0)); then return; fi
  if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    ROOT_BY=(sudo -n)
    return
  fi
  return 1
}

# apt_brings PACKAGE...: installs them, where the system has apt and lets us.
apt_brings() {
  command -v apt-get >/dev/null && become_root || return 1
  say "Installing $* with apt (some minutes on a slow line) ..."
  {
    DEBIAN_FRONTEND=noninteractive "${ROOT_BY[@]}" apt-get update -q &&
      DEBIAN_FRONTEND=noninteractive "${ROOT_BY[@]}" apt-get install -y -q --no-install-recommends "$@"
  } >>"$INSTALL_LOG" 2>&1 </dev/null
}

# offer_python: makes an environment possible; without it, what is missing is said where it is needed.
offer_python() {
  if [[ -n $PREPARED_VENV || -n $CHOSEN_PYTHON || -x $PY ]] || (find_python) >/dev/null 2>&1; then return; fi
  apt_brings python3 python3-venv || true
}

# need_chromium: sets CHROMIUM; says what is skipped and fails where there is none.
need_chromium() {
  local candidate
  for candidate in "$CHOSEN_CHROMIUM" chromium chromium-browser google-chrome; do
    if [[ -n $candidate ]] && CHROMIUM=$(command -v "$candidate"); then return; fi
  done
  if apt_brings chromium && CHROMIUM=$(command -v chromium); then return; fi
  say "Skipped: the browser tests. Chromium is not installed, and apt may not install it here."
  return 1
}

# offer_firefox: makes the Firefox run possible; without it that run says itself that it is skipped.
offer_firefox() {
  local missing=()
  command -v firefox-esr >/dev/null || missing+=(firefox-esr)
  command -v pulseaudio >/dev/null || missing+=(pulseaudio)
  command -v pactl >/dev/null || missing+=(pulseaudio-utils)
  ((${#missing[@]})) || return 0
  apt_brings "${missing[@]}" ||
    say "Skipped: the run in Firefox. apt may not install ${missing[*]} here."
}
