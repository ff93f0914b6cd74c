// SPDX-License-Identifier: GPL-2.0-only
/*
 * offload DEVICE on|off [segmentation]: checksums, scatter-gather and
 * segmentation by the device, or before it; or segmentation alone.
 */
#include <err.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	static const int commands[] = {
		ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM, ETHTOOL_SSG,
		ETHTOOL_SGRO,
	};
	struct ethtool_value value = { 0 };
	struct ifreq ifr = { .ifr_data = (void *)&value };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned int i, n = argc == 4 ? 2 : sizeof(commands) / sizeof(*commands);

	if (argc < 3 || argc > 4 || fd < 0)
		errx(3, "usage: offload DEVICE on|off [segmentation]");
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", argv[1]);
	for (i = 0; i < n; i++) {
		value.cmd = commands[i];
		value.data = !strcmp(argv[2], "on");
		if (ioctl(fd, SIOCETHTOOL, &ifr))
			err(1, "%s", argv[1]);
	}
	return 0;
}
