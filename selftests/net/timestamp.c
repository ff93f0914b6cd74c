// SPDX-License-Identifier: GPL-2.0-only
/*
 * timestamp DEVICE ADDRESS: a datagram to ADDRESS, port 9, whose sender wants to be told when
 * DEVICE has sent it. Exits with 0 if it was told once, with 1 if the device says that it does
 * not tell, or did not within ten seconds, or told more than once.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/errqueue.h>
#include <linux/ethtool.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>

static void check_device(int fd, const char *device)
{
	struct ethtool_ts_info info = { .cmd = ETHTOOL_GET_TS_INFO };
	struct ifreq ifr = { .ifr_data = (void *)&info };

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	if (ioctl(fd, SIOCETHTOOL, &ifr))
		err(3, "%s", device);
	if (!(info.so_timestamping & SOF_TIMESTAMPING_TX_SOFTWARE))
		errx(1, "%s does not tell", device);
}

/* Is there a time in the error queue, within so many milliseconds? */
static int told(int fd, int timeout)
{
	struct pollfd pollfd = { .fd = fd };
	char control[512];
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c;

	if (poll(&pollfd, 1, timeout) != 1)
		return 0;
	if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0)
		err(3, "recvmsg");
	for (c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPING)
			return ((struct scm_timestamping *)CMSG_DATA(c))->ts[0].tv_sec != 0;
	return 0;
}

int main(int argc, char **argv)
{
	int wanted = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE |
		     SOF_TIMESTAMPING_OPT_TSONLY;
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (argc != 3 || fd < 0 || inet_pton(AF_INET, argv[2], &to.sin_addr) != 1)
		errx(3, "usage: timestamp DEVICE ADDRESS");
	check_device(fd, argv[1]);
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &wanted, sizeof(wanted)) ||
	    sendto(fd, "", 1, 0, (void *)&to, sizeof(to)) != 1)
		err(3, "%s", argv[2]);
	if (!told(fd, 10000))
		errx(1, "nobody told when it was sent");
	if (told(fd, 500))
		errx(1, "it was told twice");
	return 0;
}
