#!/bin/busybox sh
# The guest's /init: runs each step of each check, prints KTAP (Documentation/dev-tools/ktap.rst), and ends the machine.
#
# Everything is printed through /dev/kmsg, so that each line is whole and stands in order among the kernel's own messages. Besides KTAP's own
# lines there are two that `gateless boot` reads, before the result that they belong to:
#   # prints: TEXT              a line that two boots are compared by
#   # figure: NAME VALUE UNIT   a measured figure

/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
mount -t configfs config /config 2> /dev/null
mount -t debugfs debug /debug 2> /dev/null

# The kernel takes lines of up to about 1000 bytes, and refuses longer ones.
say() {
	printf '%.900s\n' "$1" > /dev/kmsg
}

# Everything on standard input, each line after $1.
say_all() {
	while IFS= read -r line || [ -n "$line" ]; do
		say "$1$line"
	done
}

number_of() {
	set -- "$1"/[0-9]*
	[ -e "$1" ] && echo $# || echo 0
}

# Lines that are compared: without what says nothing, and without what differs from run to run.
masked() {
	if [ -e ignore ]; then grep -E -v -f ignore; else cat; fi |
		if [ -e mask ]; then sed -E -f mask; else cat; fi
}

# What the step printed: its own lines as they are, those that are compared masked.
own_lines() {
	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		"prints: "*) printf '%s\n' "${line#prints: }" | masked | say_all "        # prints: " ;;
		*) say "        # $line" ;;
		esac
	done < /tmp/out
}

# What a program printed that prints TAP itself: one level deeper, with our own header.
tap_lines() {
	grep -v -E '^K?TAP version' /tmp/out | say_all "        "
}

# Runs the step in the current directory, which is number $1 of its suite.
step() {
	name=$(cat name)
	if [ -e skip ]; then
		say "    ok $1 $name # SKIP $(cat skip)"
		return
	fi
	# From here on, the kernel's log has what this step made it say.
	dmesg -c > /dev/null
	if [ -e module ]; then
		MODULE=$(cat module)
		export MODULE
	fi
	timeout -s KILL "$(cat limit)" sh -c 'set -e -o pipefail; . /step.sh; . ./run' > /tmp/out 2>&1 < /dev/null
	code=$?
	# Where the kernel puts the time before each line.
	dmesg | sed -E 's/^\[ *[0-9]+\.[0-9]+\] //' > /tmp/kernel
	if [ -e ktap ]; then
		say "        KTAP version 1"
		say "        # Subtest: $name"
		tap_lines
	else
		own_lines
	fi
	masked < /tmp/kernel | say_all "        # prints: "
	case $code in
	0)
		say "    ok $1 $name"
		return
		;;
	4)
		say "    ok $1 $name # SKIP $(tail -n 1 /tmp/out)"
		return
		;;
	137) say "        # no end within $(cat limit) s, or killed" ;;
	*) say "        # exit code $code" ;;
	esac
	say "    not ok $1 $name"
	suite_result="not ok"
}

# Runs the suite in the directory $1, which is number $2.
suite() {
	suite=$(cat "$1/name")
	say "    KTAP version 1"
	say "    # Subtest: $suite"
	say "    1..$(number_of "$1")"
	suite_result=ok
	case_number=0
	for directory in "$1"/[0-9]*; do
		case_number=$((case_number + 1))
		cd "$directory" && step $case_number
		cd /
	done
	say "$suite_result $2 $suite"
}

say "KTAP version 1"
say "1..$(number_of /checks)"
suite_number=0
for checks in /checks/[0-9]*; do
	suite_number=$((suite_number + 1))
	suite "$checks" $suite_number
done
sync
reboot -f
