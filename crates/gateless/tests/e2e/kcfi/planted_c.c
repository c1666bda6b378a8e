// SPDX-License-Identifier: GPL-2.0
/*
 * Calls through pointers of the right type, which must return, and of wrong types, which must not: each of these in a thread of its own, which is all
 * that a trap ends.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched/task.h>

/* planted_rust.rs */
int planted_rust(int number);
int planted_right(int number);
int planted_rust_to_rust(void);
int planted_rust_to_c(void);

/* What Rust calls. */
int planted_c(int number);
int planted_c(int number)
{
	return number + 2;
}

static int c_to_rust(void)
{
	long (*wrong)(long number, void *other) = (void *)planted_rust;

	OPTIMIZER_HIDE_VAR(wrong);
	return wrong(1, NULL);
}

static const struct {
	const char *name;
	int (*call)(void);
} planted[] = {
	{ "rust_to_rust", planted_rust_to_rust },
	{ "rust_to_c", planted_rust_to_c },
	{ "c_to_rust", c_to_rust },
};

static int thread(void *number)
{
	pr_info("planted: %s begins\n", planted[(long)number].name);
	pr_info("planted: %s returned %d\n", planted[(long)number].name,
		planted[(long)number].call());
	return 0;
}

static int __init start(void)
{
	int (*right)(int number) = planted_rust;
	long at;

	OPTIMIZER_HIDE_VAR(right);
	pr_info("planted: right calls return %d\n", right(1) + planted_right(1));
	for (at = 0; at < ARRAY_SIZE(planted); at++) {
		struct task_struct *task = kthread_run(thread, (void *)at, "planted");

		if (IS_ERR(task))
			return PTR_ERR(task);
		/* A thread that was ended by a trap tells nobody. */
		msleep(500);
	}
	pr_info("planted: all begun\n");
	return 0;
}
module_init(start);

MODULE_DESCRIPTION("Indirect calls of wrong types");
MODULE_LICENSE("GPL");
