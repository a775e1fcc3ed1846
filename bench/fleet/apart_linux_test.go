package fleet_test

import (
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sallyport-iam/sallyport/bench/fleet"
)

// TestApart does not run beside others, which would be confined meanwhile.
func TestApart(t *testing.T) {
	child := exec.Command("sh", "-c", "sleep 60 & echo $!; wait")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = child.Process.Kill(), child.Wait() })
	line := make([]byte, 16) // once it is there, the grandchild is
	if _, err := out.Read(line); err != nil {
		t.Fatal(err)
	}
	processors := func(pid int) (set unix.CPUSet) {
		t.Helper()
		if err := unix.SchedGetaffinity(pid, &set); err != nil {
			t.Fatal(err)
		}
		return set
	}
	self, started := os.Getpid(), child.Process.Pid
	policy := func() uint32 {
		t.Helper()
		attr, err := unix.SchedGetAttr(started, 0)
		if err != nil {
			t.Fatal(err)
		}
		return attr.Policy
	}
	all := processors(self)
	sharing, together, err := new(fleet.Fleet).Apart()
	if err != nil || sharing.Apart != (all.Count() > 1) {
		t.Fatalf("%d processors: %+v, %v", all.Count(), sharing, err)
	}
	if sharing.Foremost != (policy() == unix.SCHED_RR) {
		t.Errorf("scheduled by %d: %+v", policy(), sharing)
	}
	if sharing.Apart {
		own, others := processors(self), processors(started)
		if own.Count() != 1 || others.Count() != all.Count()-1 {
			t.Errorf("%d processors of %d for clients, %d for others", own.Count(), all.Count(), others.Count())
		}
		for i := range len(all) * 64 {
			if own.IsSet(i) && others.IsSet(i) {
				t.Errorf("processor %d is shared", i)
			}
		}
	}
	if err := together(); err != nil {
		t.Fatal(err)
	}
	if processors(self) != all || processors(started) != all {
		t.Error("they are not together again")
	}
	if policy() != unix.SCHED_NORMAL {
		t.Errorf("scheduled by %d", policy())
	}
}
