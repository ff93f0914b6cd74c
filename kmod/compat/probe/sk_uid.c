// SPDX-License-Identifier: GPL-2.0-only
/* Linux 6.17, "net: annotate races around sk->sk_uid": an accessor. */
#include <net/sock.h>

static inline kuid_t check(const struct sock *sk)
{
	return sk_uid(sk);
}
