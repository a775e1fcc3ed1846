//go:build !linux || race

package tcp

import "syscall"

const canDirect = false

func receive(uintptr, []byte) (int, syscall.Errno) { return 0, syscall.ENOSYS }

func send(uintptr, []byte) (int, syscall.Errno) { return 0, syscall.ENOSYS }

func failure(_ string, errno syscall.Errno) error { return errno }
