// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/major.h>

#include "acct.h"
#include "btf.h"
#include "cleanup.h"
#include "enforce.h"
#include "error.h"
#include "kprog.h"
#include "util.h"

#define MODULE		CLOISON_ACCT_GENL_NAME
#define MAX_INSNS	32

/* A device number, as the kernel has it inside. */
#define PTMX		(TTYAUX_MAJOR << 20 | 2)

enum {
	FILE_CRED, FILE_INODE, CRED_UID, INODE_RDEV, SOCKET_SK, SOCK_UID, SOCK_KIND,
	SOCK_PROTOCOL, OFFSETS
};

static const struct {
	const char *structure, *member;
} offsets[OFFSETS] = {
	[FILE_CRED] = { "file", "f_cred" }, [FILE_INODE] = { "file", "f_inode" },
	[CRED_UID] = { "cred", "uid" }, [INODE_RDEV] = { "inode", "i_rdev" },
	[SOCKET_SK] = { "socket", "sk" }, [SOCK_UID] = { "sock", "sk_uid" },
	[SOCK_KIND] = { "sock", "sk_type" }, [SOCK_PROTOCOL] = { "sock", "sk_protocol" },
};

struct program {
	struct bpf_insn insns[MAX_INSNS];
	size_t count;
	const int *offset;	/* of the members above */
	unsigned int pass;	/* how many jumps to the end there are */
	size_t passes[6];
};

static void emit(struct program *p, int code, int dst, int src, int off, int imm)
{
	p->insns[p->count++] = (struct bpf_insn) {
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm,
	};
}

static void load(struct program *p, int width, int dst, int src, int off)
{
	emit(p, BPF_LDX | BPF_MEM | width, dst, src, off, 0);
}

/* In these cases nobody is asked. */
static void pass_if(struct program *p, int op, int reg, int imm)
{
	p->passes[p->pass++] = p->count;
	emit(p, BPF_JMP32 | op | BPF_K, reg, 0, 0, imm);
}

/*
 * What follows leaves in the registers from 2 on what the function of the module is asked
 * about. Register 1 has the arguments of the hook, each 8 bytes.
 */

/*
 * The pointer that is at @off from that in @reg, as a number in register 2: to the verifier,
 * what was added up in memory is no pointer any more.
 */
static void as_number(struct program *p, int reg, int off)
{
	load(p, BPF_DW, BPF_REG_2, reg, off);
	emit(p, BPF_ST | BPF_MEM | BPF_DW, BPF_REG_10, 0, -8, 0);
	emit(p, BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_10, BPF_REG_2, -8, BPF_ADD);
	load(p, BPF_DW, BPF_REG_2, BPF_REG_10, -8);
}

/* (struct file *file): it, and the user who opened it; the host's are let through at once */
static void file(struct program *p)
{
	load(p, BPF_DW, BPF_REG_6, BPF_REG_1, 0);
	load(p, BPF_DW, BPF_REG_6, BPF_REG_6, p->offset[FILE_CRED]);
	load(p, BPF_W, BPF_REG_6, BPF_REG_6, p->offset[CRED_UID]);
	pass_if(p, BPF_JLT, BPF_REG_6, 65536);
	as_number(p, BPF_REG_1, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_6, 0, 0);
}

/* The same, of a sock: it, whose it is, what it is, and whether it may be refused. */
static void sock(struct program *p, int reg, int off, bool refuse)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_7, reg, 0, 0);
	load(p, BPF_DW, BPF_REG_6, BPF_REG_7, off);
	/* a socket that is none yet */
	p->passes[p->pass++] = p->count;
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_6, 0, 0, 0);
	load(p, BPF_W, BPF_REG_8, BPF_REG_6, p->offset[SOCK_UID]);
	pass_if(p, BPF_JLT, BPF_REG_8, 65536);
	as_number(p, BPF_REG_7, off);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_8, 0, 0);
	load(p, BPF_H, BPF_REG_4, BPF_REG_6, p->offset[SOCK_KIND]);
	emit(p, BPF_ALU64 | BPF_LSH | BPF_K, BPF_REG_4, 0, 0, 16);
	load(p, BPF_H, BPF_REG_5, BPF_REG_6, p->offset[SOCK_PROTOCOL]);
	emit(p, BPF_ALU64 | BPF_OR | BPF_X, BPF_REG_4, BPF_REG_5, 0, 0);
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_5, 0, 0, refuse);
}

/* (struct socket *sock, int family, int type, int protocol, int kern) */
static void socket_post_create(struct program *p)
{
	load(p, BPF_DW, BPF_REG_2, BPF_REG_1, 4 * 8);
	pass_if(p, BPF_JNE, BPF_REG_2, 0);
	load(p, BPF_DW, BPF_REG_2, BPF_REG_1, 0);
	sock(p, BPF_REG_2, p->offset[SOCKET_SK], true);
}

/* (struct sock *sock, struct sock *other, struct sock *newsk) */
static void unix_stream_connect(struct program *p)
{
	sock(p, BPF_REG_1, 2 * 8, true);
}

/* (const struct sock *sk, struct sock *newsk) */
static void sk_clone(struct program *p)
{
	sock(p, BPF_REG_1, 8, false);
}

/* (const struct sock *sk, ...) */
static void sock_uid(struct program *p)
{
	load(p, BPF_DW, BPF_REG_2, BPF_REG_1, 0);
	load(p, BPF_W, BPF_REG_2, BPF_REG_2, p->offset[SOCK_UID]);
	pass_if(p, BPF_JLT, BPF_REG_2, 65536);
}

/* (struct sock *sk); who accepted a connection may have made it another's meanwhile */
static void sk_free(struct program *p)
{
	as_number(p, BPF_REG_1, 0);
}

/* (struct file *file): what its node stands for, in register 2 */
static void device(struct program *p)
{
	load(p, BPF_DW, BPF_REG_2, BPF_REG_1, 0);
	load(p, BPF_DW, BPF_REG_2, BPF_REG_2, p->offset[FILE_INODE]);
	load(p, BPF_W, BPF_REG_2, BPF_REG_2, p->offset[INODE_RDEV]);
}

/* (struct file *file) */
static void only_ptmx(struct program *p)
{
	device(p);
	pass_if(p, BPF_JNE, BPF_REG_2, PTMX);
	as_number(p, BPF_REG_1, 0);
}

/* (struct file *file) */
static void only_slave(struct program *p)
{
	device(p);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_2, 0, 0, 20);
	pass_if(p, BPF_JLT, BPF_REG_2, UNIX98_PTY_SLAVE_MAJOR);
	pass_if(p, BPF_JGE, BPF_REG_2, UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT);
	as_number(p, BPF_REG_1, 0);
}

/* (struct file *file, unsigned int cmd) */
static void not_unlock(struct program *p)
{
	load(p, BPF_DW, BPF_REG_2, BPF_REG_1, 8);
	pass_if(p, BPF_JEQ, BPF_REG_2, F_UNLCK);
	as_number(p, BPF_REG_1, 0);
}

/* (struct file *file), whoever opened it: it may have been given to a container */
static void any_file(struct program *p)
{
	as_number(p, BPF_REG_1, 0);
}

enum group { FILES, SOCKETS, PTYS, LOCKS };

/*
 * What OpenVZ's programs expect is in the last column; 0: nothing is refused there. New
 * files are caught on the way to the hook, as BPF may not be at it itself (since 6.12). Such
 * a program the kernel may leave out, unlike those at hooks: so who opens is asked again.
 */
static const struct hook {
	enum group group;
	const char *name;	/* of the hook, or of a function of the kernel */
	const char *function;	/* of the module */
	void (*write)(struct program *p);
	enum bpf_attach_type at;
	int error;
	bool sleeps;
} hooks[] = {
	{ FILES, "security_file_alloc", "acct_bpf_file_new", file, BPF_MODIFY_RETURN, ENFILE },
	{ FILES, "bpf_lsm_file_open", "acct_bpf_file_new", file, BPF_LSM_MAC, ENFILE },
	{ FILES, "bpf_lsm_file_free_security", "acct_bpf_file_free", file, BPF_LSM_MAC },
	{ SOCKETS, "bpf_lsm_socket_post_create", "acct_bpf_sock_new", socket_post_create,
	  BPF_LSM_MAC, ENOBUFS },
	{ SOCKETS, "bpf_lsm_unix_stream_connect", "acct_bpf_sock_new", unix_stream_connect,
	  BPF_LSM_MAC, ENOBUFS },
	{ SOCKETS, "bpf_lsm_sk_clone_security", "acct_bpf_sock_new", sk_clone, BPF_LSM_MAC },
	{ SOCKETS, "bpf_lsm_inet_conn_request", "acct_bpf_sock_request", sock_uid,
	  BPF_LSM_MAC, ENOBUFS },
	{ SOCKETS, "bpf_lsm_sk_free_security", "acct_bpf_sock_free", sk_free, BPF_LSM_MAC },
	{ PTYS, "bpf_lsm_file_open", "acct_bpf_terminal", only_ptmx, BPF_LSM_MAC, ENOSPC, true },
	{ PTYS, "bpf_lsm_file_open", "acct_bpf_slave", only_slave, BPF_LSM_MAC, ENOSPC },
	{ PTYS, "bpf_lsm_file_free_security", "acct_bpf_terminal_free", any_file, BPF_LSM_MAC },
	{ LOCKS, "bpf_lsm_file_lock", "acct_bpf_lock", not_unlock, BPF_LSM_MAC, ENOLCK, true },
	{ LOCKS, "bpf_lsm_file_free_security", "acct_bpf_lock_free", any_file, BPF_LSM_MAC },
};

static const struct {
	uint32_t resource;
	enum group group;
} groups[] = {
	{ CLOISON_ACCT_NUMFILE, FILES }, { CLOISON_ACCT_NUMTCPSOCK, SOCKETS },
	{ CLOISON_ACCT_NUMOTHERSOCK, SOCKETS }, { CLOISON_ACCT_NUMPTY, PTYS },
	{ CLOISON_ACCT_NUMFLOCK, LOCKS },
};

/* What this kernel says of itself and of the module. */
struct kernel {
	struct btf_symbol hook[ARRAY_SIZE(hooks)], function[ARRAY_SIZE(hooks)], member[OFFSETS];
};

bool enforce_can(uint32_t resource)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (groups[i].resource == resource)
			return true;
	return false;
}

const char *enforce_missing(void)
{
	cleanup_free char *lsm = read_file("/sys/kernel/security/lsm", 1024);

	if (access("/sys/kernel/btf/" MODULE, F_OK))
		return "the module " MODULE " was built without BTF";
	/* who cannot read it learns when a program is loaded */
	if (lsm && !strstr(lsm, "bpf"))
		return "the BPF LSM is off";
	return NULL;
}

/* Asks with the token and what is in register 2; and the two ends. */
static void finish(struct program *p, const struct hook *h, unsigned int function, uint32_t token)
{
	emit(p, BPF_ALU | BPF_MOV | BPF_K, BPF_REG_1, 0, 0, (int)token);
	/* the offset is in the list of descriptors */
	emit(p, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 1, (int)function);
	if (h->error) {
		pass_if(p, BPF_JNE, BPF_REG_0, 0);
		emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -h->error);
		emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	}
	for (unsigned int i = 0; i < p->pass; i++)
		p->insns[p->passes[i]].off = p->count - p->passes[i] - 1;
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Loads and attaches one: the descriptor of its link. */
static int attach(const struct hook *h, const struct kernel *k, int types, uint32_t token)
{
	const struct btf_symbol *hook = &k->hook[h - hooks], *function = &k->function[h - hooks];
	int fds[] = { -1, types }, offset[OFFSETS];
	struct program p = { .offset = offset };
	union bpf_attr loading = {
		.prog_type = h->at == BPF_LSM_MAC ? BPF_PROG_TYPE_LSM : BPF_PROG_TYPE_TRACING,
		.expected_attach_type = h->at,
		.attach_btf_id = hook->id, .prog_name = "cloison_limit",
		.license = (uintptr_t)"GPL", .insns = (uintptr_t)p.insns,
		.fd_array = (uintptr_t)fds, .prog_flags = h->sleeps ? BPF_F_SLEEPABLE : 0,
	};

	if (!hook->id || !function->id) {
		errno = ENOENT;
		return -1;
	}
	for (size_t i = 0; i < OFFSETS; i++)
		offset[i] = k->member[i].offset;
	h->write(&p);
	finish(&p, h, function->id, token);
	loading.insn_cnt = p.count;
	return kprog_attach(&loading);
}

static int look_up(struct kernel *k)
{
	struct btf_symbol all[2 * ARRAY_SIZE(hooks) + OFFSETS] = {};
	const size_t n = ARRAY_SIZE(hooks);

	for (size_t i = 0; i < n; i++) {
		all[i].name = hooks[i].name;
		all[n + i].name = hooks[i].function;
	}
	for (size_t i = 0; i < OFFSETS; i++) {
		all[2 * n + i].name = offsets[i].structure;
		all[2 * n + i].member = offsets[i].member;
	}
	if (btf_look_up(MODULE, all, ARRAY_SIZE(all)))
		return fail_errno(EXIT_KERNEL, "Cannot read the kernel's types");
	memcpy(k->hook, all, sizeof(k->hook));
	memcpy(k->function, all + n, sizeof(k->function));
	memcpy(k->member, all + 2 * n, sizeof(k->member));
	for (size_t i = 0; i < OFFSETS; i++)
		if (k->member[i].offset < 0)
			return fail(EXIT_KERNEL, "this kernel has no %s in struct %s",
				    offsets[i].member, offsets[i].structure);
	return 0;
}

static int attach_group(enum group group, uint32_t token, int links[], size_t *count)
{
	cleanup_close int types = kprog_types(MODULE);
	struct kernel k;
	int ret;

	if (types < 0)
		return fail_errno(EXIT_KERNEL, "Cannot open the types of the module " MODULE);
	ret = look_up(&k);
	for (size_t i = 0; !ret && i < ARRAY_SIZE(hooks); i++) {
		if (hooks[i].group != group)
			continue;
		links[*count] = attach(&hooks[i], &k, types, token);
		if (links[*count] < 0)
			return fail_errno(EXIT_KERNEL, "this kernel takes no program at %s",
					  hooks[i].name);
		++*count;
	}
	return ret;
}

/* Of programs of others, and of those of a tool that was killed before they were heard. */
static int make_token(uint32_t *token)
{
	do {
		if (getrandom(token, sizeof(*token), 0) != sizeof(*token))
			return fail_errno(EXIT_SYSTEM, "Cannot get a random number");
	} while (!*token);
	return 0;
}

static enum group group_of(uint32_t resource)
{
	size_t i = 0;

	while (groups[i].resource != resource)
		i++;
	return groups[i].group;
}

int enforce(uint32_t id, uint32_t base, uint32_t resource)
{
	const char *missing = enforce_missing();
	int links[CLOISON_ACCT_LINKS_MAX];
	size_t count = 0;
	uint32_t token;
	bool wanting;
	int ret;

	if (missing)
		return fail(EXIT_KERNEL, "%s", missing);
	ret = acct_enforce(id, resource, base, 0, NULL, 0, &wanting);
	if (ret || !wanting)
		return ret;
	ret = make_token(&token);
	if (!ret)
		ret = attach_group(group_of(resource), token, links, &count);
	if (!ret)
		ret = acct_enforce(id, resource, base, token, links, count, &wanting);
	for (size_t i = 0; i < count; i++)
		close(links[i]);
	return ret;
}
