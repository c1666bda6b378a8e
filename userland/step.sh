# What steps can use besides busybox. A step fails with the first command that fails; it is skipped by `skip`, with a reason.

skip() {
	echo "$*"
	exit 4
}

fail() {
	echo "$*"
	exit 1
}

# Lines that two boots are compared by. The last one ends even where the text does not.
prints() {
	awk '{ print "prints: " $0 }'
}

# Loads the module $1 after those that it needs, with the parameters that follow. What the kernel answers when it has no such
# device or does not support it here is a reason to skip; any other refusal is a failure.
load() {
	load_name=$1
	shift
	for load_needed in $(cat "/modules/$load_name.needs"); do
		[ -d "/sys/module/$load_needed" ] || insmod "/modules/$load_needed.ko"
	done
	if load_answer=$(insmod "/modules/$load_name.ko" "$@" 2>&1); then
		return 0
	fi
	case $load_answer in
	*"No such device"* | *"not supported"*)
		unload_needed "$load_name"
		skip "the kernel's answer to loading $load_name: ${load_answer##*: }"
		;;
	*) fail "$load_answer" ;;
	esac
}

# Unloads the module $1 and those that were loaded for it.
unload() {
	rmmod "$1"
	[ ! -d "/sys/module/$1" ] || fail "module $1 is still there"
	unload_needed "$1"
}

unload_needed() {
	unload_list=
	for unload_name in $(cat "/modules/$1.needs"); do
		unload_list="$unload_name $unload_list"
	done
	for unload_name in $unload_list; do
		[ ! -d "/sys/module/$unload_name" ] || rmmod "$unload_name"
	done
}

# Gives the platform driver $1 a device that has no driver, as an administrator would.
bind_platform_device() {
	for platform_device in /sys/bus/platform/devices/*; do
		[ -e "$platform_device/driver" ] || break
	done
	[ ! -e "$platform_device/driver" ] || skip "every platform device of this machine has a driver"
	echo "$1" > "$platform_device/driver_override"
	echo "${platform_device##*/}" > "/sys/bus/platform/drivers/$1/bind"
}

# Takes it away again.
release_platform_device() {
	echo "${platform_device##*/}" > "/sys/bus/platform/drivers/$1/unbind"
	echo > "$platform_device/driver_override"
}
