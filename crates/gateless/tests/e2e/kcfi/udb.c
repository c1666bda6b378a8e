// SPDX-License-Identifier: GPL-2.0
/*
 * A plugin of QEMU's that says where an instruction with the opcode 0xd6 is executed: UDB, which kernels put in place of kCFI's traps. Processors trap there;
 * QEMU 10.0 takes it for SALC, which 64-bit code does not have. What is declared here is of QEMU's plugin interface, version 4 (qemu-plugin.h).
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
int qemu_plugin_version = 4;

typedef uint64_t plugin;
struct tb;
struct insn;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin id, void (*cb)(plugin, struct tb *));
size_t qemu_plugin_tb_n_insns(const struct tb *);
struct insn *qemu_plugin_tb_get_insn(const struct tb *, size_t);
size_t qemu_plugin_insn_data(const struct insn *, void *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct insn *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct insn *, void (*cb)(unsigned int, void *), int, void *);

static void executed(unsigned int cpu, void *at)
{
	fprintf(stderr, "UDB executed at %p\n", at);
}


static void translated(plugin id, struct tb *tb)
{
	size_t count = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < count; i++) {
		struct insn *insn = qemu_plugin_tb_get_insn(tb, i);
		unsigned char first = 0;

		qemu_plugin_insn_data(insn, &first, 1);
		if (first == 0xd6)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, 0,
				(void *)qemu_plugin_insn_vaddr(insn));
	}
}

int qemu_plugin_install(plugin id, const void *info, int argc, char **argv)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	fprintf(stderr, "watching UDB\n");
	return 0;
}
