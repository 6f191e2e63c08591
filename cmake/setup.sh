# setup.sh - what the scripts need to be on the machine; to be sourced by bash.
#
# Needs bash, coreutils, grep and sed, and on Debian apt-get and dpkg to install the rest.
# shellcheck shell=bash disable=SC2034

packages_build=(build-essential cmake ninja-build pkg-config libevent-dev libnanomsg-dev
    libboost-context-dev)
packages_tests=(libcmocka-dev clang libclang-rt-dev valgrind spin netcat-openbsd python3 gdb)
packages_bench=(python3 python3-trio python3-anyio erlang-base libcaf-dev g++)

setup_missing() {
    local package
    for package; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            printf '%s\n' "$package"
    done
}

# apt-get, as root, quiet unless it fails.
setup_apt() {
    local log status=0
    local -a command=(env DEBIAN_FRONTEND=noninteractive apt-get -y -q
        -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@")

    if [ "$(id -u)" -ne 0 ]; then
        # Ask for a password only if somebody is there to give it.
        if [ -z "${CI:-}" ] && { : >/dev/tty; } 2>/dev/null; then
            command=(sudo "${command[@]}")
        else
            command=(sudo -n "${command[@]}")
        fi
    fi
    log=$(mktemp)
    "${command[@]}" </dev/null >"$log" 2>&1 || status=$?
    [ $status -eq 0 ] || cat "$log" >&2
    rm -f "$log"
    return $status
}

# setup_install PACKAGE...: installs those that are missing, and says which.
setup_install() {
    local -a missing

    if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
        echo "This is not Debian: please see to it yourself that these are here: $*" >&2
        return 0
    fi
    mapfile -t missing < <(setup_missing "$@")
    [ ${#missing[@]} -gt 0 ] || return 0

    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        echo "These packages are missing, and only root can install them:" >&2
        echo "    apt-get install ${missing[*]}" >&2
        return 1
    fi
    echo "installing ${missing[*]}"
    # Old lists may do, if there is no way to get new ones.
    setup_apt update || echo "the package lists could not be updated; going on" >&2
    setup_apt install --no-install-recommends "${missing[@]}" || {
        echo "the packages could not be installed" >&2
        return 1
    }
}

# Ninja where it is, else make.  A directory that is configured keeps what it has.
setup_generator() {
    if [ -z "${CMAKE_GENERATOR:-}" ] && command -v ninja >/dev/null; then
        export CMAKE_GENERATOR=Ninja
    fi
}
