package main

import (
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"syscall"
)

// init profiles the process until it gets SIGUSR1. The file has its name only when
// it is whole.
func init() {
	name := os.Getenv("SALLYPORT_BENCH_PROFILE")
	file, err := os.Create(name + ".partial")
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "profiling:", err)
		os.Exit(1)
	}
	enough := make(chan os.Signal, 1)
	signal.Notify(enough, syscall.SIGUSR1)
	go func() {
		<-enough
		pprof.StopCPUProfile()
		if err := file.Close(); err == nil {
			_ = os.Rename(file.Name(), name)
		}
	}()
}
