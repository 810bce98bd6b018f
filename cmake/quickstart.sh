#!/bin/sh
# sh cmake/quickstart.sh [OPTION...]      installs what is missing, builds a release and serves it at
#                                         http://localhost:8080; the options are hubbub's (--port 9000)
# sh cmake/quickstart.sh test [ARG...]    installs and builds the same and the tests, then runs every
#                                         test; the arguments are ctest's (-R unit)
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
goal=serve
if [ "${1-}" = test ]; then
    goal='test'
    shift
fi

say() {
    printf '== %s\n' "$*" >&2
}

die() {
    printf '\nquickstart: %s\n' "$*" >&2
    exit 1
}

# ---- what is needed, how to see whether it is here, and the packages it comes in ----

has_program() { # NAME...: one of them is enough
    for name; do
        ! command -v "$name" >/dev/null 2>&1 || return 0
    done
    return 1
}

has_library() {
    pkg-config --exists "$1" 2>/dev/null
}

has_header() {
    printf '#include <%s>\n' "$1" | cc -E - >/dev/null 2>&1
}

# libwebsockets takes its event loop from a plugin where it was not built into the library itself.
has_event_loop() {
    [ -e "$(pkg-config --variable=libdir libwebsockets 2>/dev/null)/libwebsockets-evlib_uv.so" ]
}

has_node() {
    node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null
}

# Prints the packages that bring what is missing: goal, question, then a column for each manager.
# A column that says nothing means that the need is met there without a package of its own.
# shellcheck disable=SC2034 # the columns are read by name
missing_packages() { # MANAGER
    while IFS='|' read -r for question apt dnf apk brew; do
        case $for in
        *"$goal"*) $question || eval "printf '%s ' \"\$$1\"" ;;
        esac
    done <<'NEEDS'
serve test|has_program cc          |gcc libc6-dev         |gcc glibc-devel    |gcc musl-dev           |gcc
serve test|has_program make        |make                  |make               |make                   |make
serve test|has_program cmake       |cmake                 |cmake              |cmake                  |cmake
serve test|has_program pkg-config  |pkg-config            |pkgconf-pkg-config |pkgconf                |pkgconf
serve test|has_library libwebsockets|libwebsockets-dev    |libwebsockets-devel|libwebsockets-dev      |libwebsockets
serve test|has_event_loop          |libwebsockets-evlib-uv|                   |libwebsockets-evlib_uv |
serve test|has_library libuv       |libuv1-dev            |libuv-devel        |libuv-dev              |libuv
serve test|has_library jansson     |libjansson-dev        |jansson-devel      |jansson-dev            |jansson
serve test|has_library libutf8proc |libutf8proc-dev       |utf8proc-devel     |utf8proc-dev           |utf8proc
serve test|has_library sqlite3     |libsqlite3-dev        |sqlite-devel       |sqlite-dev             |sqlite
serve test|has_library inih        |libinih-dev           |inih-devel         |inih-dev               |inih
serve test|has_library libdeflate  |libdeflate-dev        |libdeflate-devel   |libdeflate-dev         |libdeflate
serve test|has_header uthash.h     |uthash-dev            |uthash-devel       |uthash-dev             |uthash
serve test|has_library cmocka      |libcmocka-dev         |libcmocka-devel    |cmocka-dev             |cmocka
test      |has_node                |nodejs                |nodejs             |nodejs                 |node
test      |has_program npm         |npm                   |nodejs-npm         |npm                    |
test      |has_program chromium chromium-browser google-chrome|chromium|chromium|chromium             |chromium
NEEDS
}

# ---- installing them ----

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

install_missing() {
    for manager in apt dnf apk brew none; do
        ! has_program "$manager" || break
    done
    if [ "$manager" = none ]; then
        die "needs a package manager that it knows (apt, dnf, apk or brew), or by hand the packages
that these are called on Debian:

    $(missing_packages apt | xargs)"
    fi

    packages=$(missing_packages "$manager" | xargs)
    [ -n "$packages" ] || return 0
    if [ "$manager" != brew ] && [ "$(id -u)" != 0 ] && ! has_program sudo; then
        die "packages are missing, and this is neither root nor is there a sudo. Have root install

    $packages

and then start this again."
    fi
    say "installing $packages"
    # shellcheck disable=SC2086 # $packages is a list of words
    case $manager in
    apt)
        as_root apt-get update -q || say "going on with the package lists that are here"
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends --no-upgrade $packages
        ;;
    dnf) as_root dnf install -y $packages ;;
    apk) as_root apk add $packages ;;
    brew) brew install $packages ;;
    esac || die "could not install: $packages
Is the network up, and does '$manager' work by hand?"
}

install_test_modules() {
    cd "$root/test"
    # npm leaves node_modules/.package-lock.json behind when it is done.
    if [ -n "$(find package-lock.json -newer node_modules/.package-lock.json 2>&1)" ]; then
        say "installing the tests' node modules"
        npm ci --no-audit --no-fund --ignore-scripts ||
            die "could not install the node modules of test/package.json. Is the network up?"
    fi
    cd "$root"
}

# ---- building, then serving or testing ----

build_target() { # TARGET
    say "building in $build"
    cmake -S "$root" -B "$build" -DCMAKE_BUILD_TYPE=Release
    cmake --build "$build" --target "$1" -j "$jobs"
}

# The daemon takes this shell's place, so that signals and its exit code are its own; a reader left
# behind waits for it to say on which port it serves.
serve() {
    folder=$(mktemp -d)
    mkfifo "$folder/ready"
    (
        {
            if read -r port <"$folder/ready"; then
                printf '\n    hubbub is up:  http://localhost:%s\n    Ctrl-C stops it\n\n' "$port" >&2
            fi
            rm -r "$folder"
        } &
    )
    exec "$build/hubbub" --ready-fd 3 "$@" 3>"$folder/ready"
}

install_missing
if [ "$goal" = serve ]; then
    build_target hubbub
    serve "$@"
else
    install_test_modules
    build_target all
    say "running every test"
    exec ctest --test-dir "$build" --output-on-failure -j "$jobs" "$@"
fi
