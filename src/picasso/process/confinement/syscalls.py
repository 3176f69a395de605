"""The system calls that a child does not need: their names, and their numbers on x86_64 and aarch64.

The numbers are those of Linux's ``asm/unistd_64.h`` and ``asm-generic/unistd.h``; None if the machine has no such call.
"""

from __future__ import annotations

from collections.abc import Mapping

Numbers = tuple[int | None, int | None]

ARCHITECTURES: Mapping[str, tuple[int, int]] = {
    # machine: its index in a pair of numbers, and the AUDIT_ARCH_* value that a filter sees
    "x86_64": (0, 0xC000003E),
    "aarch64": (1, 0xC00000B7),
}

# The newest call when this table was written. For a child, later calls do not exist (ENOSYS), as on an older kernel.
NEWEST = 451

# Allowed or denied by their arguments, see `seccomp.RULES`.
BY_ARGUMENT: Mapping[str, Numbers] = {
    "clone": (56, 220),
    "fcntl": (72, 25),
    "ioctl": (16, 29),
    "kill": (62, 129),
    "open": (2, None),
    "openat": (257, 56),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "tgkill": (234, 131),
}

# Their arguments are in memory, which a filter can't read. For ENOSYS, libraries fall back to calls that it can check.
ABSENT: Mapping[str, Numbers] = {
    "clone3": (435, 435),
    "openat2": (437, 437),
}

NETWORK: Mapping[str, Numbers] = {
    "accept": (43, 202),
    "accept4": (288, 242),
    "bind": (49, 200),
    "connect": (42, 203),
    "listen": (50, 201),
    # A message can carry an open file. While it waits in a socket, its size is not measured.
    "sendmmsg": (307, 269),
    "sendmsg": (46, 211),
    "socket": (41, 198),
}

PROGRAMS: Mapping[str, Numbers] = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "fork": (57, None),
    "setns": (308, 268),
    "setpgid": (109, 154),
    "setsid": (112, 157),
    "unshare": (272, 97),
    "vfork": (58, None),
}

OTHER_PROCESSES: Mapping[str, Numbers] = {
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "setpriority": (141, 140),
    "tkill": (200, 130),
}

# The original is a hard link owned by the uid of the child, and Landlock does not restrict these calls.
FILES: Mapping[str, Numbers] = {
    "chmod": (90, None),
    "chown": (92, None),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "fremovexattr": (199, 16),
    "fsetxattr": (190, 7),
    "futimesat": (261, None),
    "inotify_add_watch": (254, 27),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "lchown": (94, None),
    "link": (86, None),
    "linkat": (265, 37),
    "lremovexattr": (198, 15),
    "lsetxattr": (189, 6),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "removexattr": (197, 14),
    "setxattr": (188, 5),
    "symlink": (88, None),
    "symlinkat": (266, 36),
    "truncate": (76, 45),
    "utime": (132, None),
    "utimensat": (280, 88),
    "utimes": (235, None),
}

# Memory that no limit counts and that outlives its process.
SHARED_MEMORY: Mapping[str, Numbers] = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "mq_getsetattr": (245, 185),
    "mq_notify": (244, 184),
    "mq_open": (240, 180),
    "mq_timedreceive": (243, 183),
    "mq_timedsend": (242, 182),
    "mq_unlink": (241, 181),
    "msgctl": (71, 187),
    "msgget": (68, 186),
    "msgrcv": (70, 188),
    "msgsnd": (69, 189),
    "semctl": (66, 191),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmget": (29, 194),
}

# Calls in which most vulnerabilities of kernels were found, and calls for administrators.
KERNEL: Mapping[str, Numbers] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "capset": (126, 91),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "io_setup": (206, 0),
    "io_submit": (209, 2),
    "iopl": (172, None),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pivot_root": (155, 41),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "setfsgid": (123, 152),
    "setfsuid": (122, 151),
    "setgid": (106, 144),
    "setgroups": (116, 159),
    "sethostname": (170, 161),
    "setregid": (114, 143),
    "setresgid": (119, 149),
    "setresuid": (117, 147),
    "setreuid": (113, 145),
    "settimeofday": (164, 170),
    "setuid": (105, 146),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "sync": (162, 81),
    "syncfs": (306, 267),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
    "vmsplice": (278, 75),
}

DENIED: Mapping[str, Numbers] = {
    **NETWORK,
    **PROGRAMS,
    **OTHER_PROCESSES,
    **FILES,
    **SHARED_MEMORY,
    **KERNEL,
}


def numbers(calls: Mapping[str, Numbers], machine: str) -> dict[str, int]:
    """The numbers on this machine, by name. Raises `KeyError` for a machine that is not in `ARCHITECTURES`."""
    index, _ = ARCHITECTURES[machine]
    return {name: number for name, pair in calls.items() if (number := pair[index]) is not None}
