/busybox insmod /planted.ko
echo "planted: loaded"
/busybox sleep 1
/busybox reboot -f
