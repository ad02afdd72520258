# Sourced by demo.sh and test.sh: makes a virtual environment beside the checkout's own files.
# Debian's python3 refuses to install into itself, and may come without venv.

cd "$(dirname "$0")/.." || exit 1

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else return 1; fi
}

debian_packages() {
    command -v apt-get >/dev/null || return 1
    as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

environment() {
    if [ ! -x "$1/bin/python" ]; then
        python3 -m venv "$1" 2>/dev/null || { rm -rf "$1" && debian_packages python3-venv && python3 -m venv "$1"; } || {
            echo "python3 cannot make a virtual environment: install python3-venv" >&2
            exit 1
        }
    fi
}
