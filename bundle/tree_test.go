package bundle_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// TestTree loads the small bundle after something was done to its directory.
func TestTree(t *testing.T) {
	t.Parallel()
	const users = "bundle/accounts/111122223333/users"
	tests := []struct {
		name   string
		change func(d string) error
		want   []string // "FILE CODE" of each finding; none: it loads
	}{
		{"nothing", func(string) error { return nil }, nil},
		{"a link to a file inside", func(d string) error {
			return os.Symlink("alice.yaml", d+"/"+users+"/bob.yaml")
		}, []string{"accounts/111122223333/users/bob.yaml SYMBOLIC_LINK"}},
		{"a link to a file outside", func(d string) error {
			return os.Symlink(d+"/keys.yaml", d+"/"+users+"/bob.yaml")
		}, []string{"accounts/111122223333/users/bob.yaml SYMBOLIC_LINK"}},
		{"a link to a directory", func(d string) error {
			return os.Symlink(d+"/elsewhere", d+"/bundle/accounts/444455556666")
		}, []string{"accounts/444455556666 SYMBOLIC_LINK"}},
		{"a link to itself", func(d string) error {
			return os.Symlink(".", d+"/bundle/accounts/loop")
		}, []string{"accounts/loop SYMBOLIC_LINK"}},
		{"a hidden link", func(d string) error {
			return os.Symlink("/nowhere", d+"/"+users+"/.#alice.yaml")
		}, nil},
		{"a pipe", func(d string) error {
			return syscall.Mkfifo(d+"/"+users+"/bob.yaml", 0o600)
		}, []string{"accounts/111122223333/users/bob.yaml NOT_A_FILE"}},
		{"a file too large", func(d string) error {
			return os.WriteFile(d+"/"+users+"/alice/read.json", make([]byte, 1<<20+1), 0o600)
		}, []string{"accounts/111122223333/users/alice/read.json FILE_TOO_LARGE"}},
		{"YAML too large", func(d string) error {
			return os.WriteFile(d+"/"+users+"/alice.yaml", []byte("id: AIDAALICEEXAMPLE22222\n#"+strings.Repeat("x", 64<<10)), 0o600)
		}, []string{"accounts/111122223333/users/alice.yaml FILE_TOO_LARGE"}},
		{"directories too deep", func(d string) error {
			deep := d + "/bundle/accounts/111122223333/policies" + strings.Repeat("/a", 8)
			return os.MkdirAll(deep, 0o755)
		}, []string{"accounts/111122223333/policies/a/a/a/a/a/a TOO_DEEP"}},
		{"empty directories", func(d string) error {
			return os.MkdirAll(d+"/bundle/organization/scp", 0o755)
		}, nil},
		{"a directory for a file", func(d string) error {
			if err := os.Remove(d + "/" + users + "/alice.yaml"); err != nil {
				return err
			}
			return os.Mkdir(d+"/"+users+"/alice.yaml", 0o755)
		}, []string{"accounts/111122223333/users/alice/read.json UNKNOWN_USER", "keys.yaml UNKNOWN_USER"}},
		{"a control character", func(d string) error {
			return os.WriteFile(d+"/"+users+"/a\nb.yaml", nil, 0o600)
		}, []string{"accounts/111122223333/users/a\nb.yaml UNKNOWN_FILE"}},
		{"..data is a directory", func(d string) error {
			return os.Mkdir(d+"/bundle/..data", 0o755)
		}, []string{"bundle UNREADABLE"}},
		{"..data leads outside", func(d string) error {
			return os.Symlink("../elsewhere", d+"/bundle/..data")
		}, []string{"bundle UNREADABLE"}},
		{"..data leads to an absolute path", func(d string) error {
			return os.Symlink(d+"/elsewhere", d+"/bundle/..data")
		}, []string{"bundle UNREADABLE"}},
		{"..data leads up", func(d string) error {
			return os.Symlink("..", d+"/bundle/..data")
		}, []string{"bundle UNREADABLE"}},
		{"a volume, and files beside it", func(d string) error {
			version := d + "/bundle/..2026_03_01"
			if err := os.Mkdir(version, 0o755); err != nil {
				return err
			}
			for _, name := range []string{"bundle.yaml", "accounts"} {
				if err := os.Rename(d+"/bundle/"+name, version+"/"+name); err != nil {
					return err
				}
			}
			if err := os.Symlink("..2026_03_01", d+"/bundle/..data"); err != nil {
				return err
			}
			if err := os.Symlink("..data/bundle.yaml", d+"/bundle/bundle.yaml"); err != nil {
				return err
			}
			return os.Mkdir(d+"/bundle/accounts", 0o755)
		}, []string{"accounts NOT_IN_VOLUME"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			small.write(t, directory)
			files{"elsewhere/policies/read.json": allow("s3:*")}.write(t, directory)
			if err := tt.change(directory); err != nil {
				t.Fatal(err)
			}
			s, findings := bundle.Load(options(t, directory))
			var got []string
			for _, f := range findings {
				got = append(got, strings.TrimPrefix(f.File, directory+"/")+" "+f.Code)
			}
			slices.Sort(got)
			if !slices.Equal(got, tt.want) || (s == nil) != policy.HasErrors(findings) {
				t.Errorf("findings %q, want %q: %v", got, tt.want, findings)
			}
		})
	}
}

// TestUnreadableFile: a file that is there and cannot be read is not taken to be
// missing.
func TestUnreadableFile(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("the superuser can read every file")
	}
	directory := t.TempDir()
	small.write(t, directory)
	if err := os.Chmod(filepath.Join(directory, alicesPolicy), 0); err != nil {
		t.Fatal(err)
	}
	s, findings := bundle.Load(options(t, directory))
	if s != nil || len(findings) != 1 || findings[0].Code != "UNREADABLE" {
		t.Errorf("snapshot %v, findings %v", s, findings)
	}
}

// TestManyErrors: the status lists the first of many, and says how many there are.
func TestManyErrors(t *testing.T) {
	t.Parallel()
	all := files{}
	for i := range 50 {
		all[fmt.Sprintf("bundle/accounts/111122223333/users/user%d.yaml", i)] = "groups: [nobody]\n"
	}
	s := watch(t, small.with(all))
	status := s.failure("and 80 more")
	if n := strings.Count(status.LastError, "\n"); n != 20 {
		t.Errorf("%d lines", n+1)
	}
}

// TestRelativeDirectory: findings and watching do not depend on how the directory
// is named.
func TestRelativeDirectory(t *testing.T) {
	t.Parallel()
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	s := watch(t, small, func(o *bundle.Options) {
		for _, path := range []*string{&o.Directory, &o.KeyFiles[0]} {
			if *path, err = filepath.Rel(wd, *path); err != nil {
				t.Fatal(err)
			}
		}
	})
	s.generation(1)
	files{alicesPolicy: allow("s3:PutObject")}.write(t, s.directory)
	s.await("the change", func(bundle.Status) bool { return s.may("s3:PutObject") })
}
