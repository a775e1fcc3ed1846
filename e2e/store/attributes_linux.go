package store

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// attributesMissing says why the file system of dir cannot hold extended
// attributes; nil if it can.
func attributesMissing(dir string) error {
	probe, err := os.CreateTemp(dir, ".attributes-")
	if err != nil {
		return err
	}
	defer os.Remove(probe.Name())
	defer probe.Close()
	if err := unix.Fsetxattr(int(probe.Fd()), "user.sallyport.probe", []byte("1"), 0); err != nil {
		return fmt.Errorf("the file system of %s holds no extended attributes: %w", dir, err)
	}
	return nil
}
