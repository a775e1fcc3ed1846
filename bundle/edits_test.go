//go:build linux

package bundle_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/bundle"
)

// TestEdits changes files and directories at random, while the manager reads and while it
// waits, and without polling: each time what is in force, or why it is not, becomes that
// of a first reading.
func TestEdits(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			d := &disk{Rand: rand.New(rand.NewPCG(seed, 11)), directory: t.TempDir(), TB: t}
			d.begin()
			o := options(t, d.directory)
			o.Quiet, o.Poll = 5*time.Millisecond, time.Hour
			s := run(t, d.directory, o, func(m *bundle.Manager) { m.RememberAfter(50 * time.Millisecond) })
			s.generation(1)
			whole := 0
			for range diskEdits {
				last := ""
				for range 1 + d.IntN(4) {
					last += d.edit() + "; "
					time.Sleep(time.Duration(d.IntN(12)*d.IntN(12)) * time.Millisecond)
				}
				want, _ := bundle.Load(o)
				if want != nil {
					whole++
				} else if d.IntN(2) == 0 {
					d.begin()
					want, _ = bundle.Load(o)
				}
				s.await(last, func(st bundle.Status) bool {
					if want == nil {
						return st.LastError != ""
					}
					return st.LastError == "" && st.Revision == want.Revision()
				})
			}
			if whole < diskEdits/4 || whole > diskEdits*19/20 {
				t.Errorf("%d of %d bundles are whole: want some of both kinds", whole, diskEdits)
			}
		})
	}
}

// diskEdits is how many times each seed edits.
const diskEdits = 60

// disk edits a bundle on a disk.
type disk struct {
	*rand.Rand
	testing.TB
	directory string
	number    int
}

func (d *disk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// begin writes two accounts with users.
func (d *disk) begin() {
	f := files{"bundle/bundle.yaml": "accounts: {\"111122223333\": {}, \"444455556666\": {}}\nbuckets: [{name: \"*\", account: \"111122223333\"}]\n"}
	for i, account := range []string{"111122223333", "444455556666"} {
		for k := range 4 {
			user := fmt.Sprintf("bundle/accounts/%s/users/u%d", account, k)
			f[user+".yaml"] = fmt.Sprintf("id: AIDAU%d%dEXAMPLE222222\n", k, 2+3*i)
			f[user+"/i0.json"] = allow("s3:GetObject")
		}
	}
	small.with(f).write(d, d.directory)
}

func (d *disk) path(name string) string { return filepath.Join(d.directory, filepath.FromSlash(name)) }

// fresh is a path beside the bundle where nothing is.
func (d *disk) fresh() string {
	d.number++
	return d.path(fmt.Sprintf("beside%d", d.number))
}

// edit does something that may fail: what is there is what counts.
func (d *disk) edit() string {
	account := d.path("bundle/accounts/" + []string{"111122223333", "444455556666"}[d.IntN(2)])
	users := account + "/users"
	user := fmt.Sprintf("%s/u%d", users, d.IntN(4))
	file := user + "/i0.json"
	text := []byte(allow([]string{"s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetObjectTagging"}[d.IntN(4)]))
	switch d.IntN(14) {
	case 0, 1:
		_ = os.WriteFile(file, text, 0o600)
		return "written: " + file
	case 2:
		d.sameStamp(file)
		return "written with the same size and time: " + file
	case 3:
		beside := d.fresh()
		d.must(os.WriteFile(beside, text, 0o600))
		_ = os.Chtimes(beside, time.Now(), time.Now().Add(time.Duration(d.IntN(200)-100)*time.Hour))
		_ = os.Rename(beside, file)
		return "renamed over: " + file
	case 4:
		_ = os.RemoveAll(user)
		return "removed: " + user
	case 5:
		_ = os.RemoveAll(user)
		_ = os.Mkdir(user, 0o700)
		_ = os.WriteFile(file, text, 0o600)
		return "made again: " + user
	case 6, 7: // with the directories in it, which keep their stamps
		of := []string{users, account, user, d.path("bundle")}[d.IntN(4)]
		beside := d.fresh()
		if os.Rename(of, beside) != nil {
			return "nothing"
		}
		_ = os.WriteFile(filepath.Join(beside, "u0", "i0.json"), text, 0o600)
		_ = os.Rename(beside, of)
		return "away and back: " + of
	case 8: // another in its place
		of := []string{users, account, user, d.path("bundle")}[d.IntN(4)]
		beside := d.fresh()
		if os.CopyFS(beside, os.DirFS(of)) != nil || os.Rename(of, d.fresh()) != nil {
			return "nothing"
		}
		d.must(os.Rename(beside, of))
		_ = os.WriteFile(file, text, 0o600)
		return "replaced by a copy: " + of
	case 9:
		other := fmt.Sprintf("%s/u%d", users, d.IntN(4))
		beside := d.fresh()
		_ = os.Rename(user, beside)
		_ = os.Rename(other, user)
		_ = os.Rename(beside, other)
		return "exchanged: " + user + " and " + other
	case 10:
		_ = os.Remove(file)
		_ = os.Link(fmt.Sprintf("%s/u%d/i0.json", users, d.IntN(4)), file)
		return "linked: " + file
	case 11:
		of := []string{users, account, d.path("bundle")}[d.IntN(3)]
		beside := d.fresh()
		if os.CopyFS(beside, os.DirFS(of)) != nil {
			return "nothing"
		}
		_ = os.RemoveAll(of)
		_ = os.CopyFS(of, os.DirFS(beside))
		return "removed and filled again: " + of
	default:
		if d.IntN(3) == 0 {
			_ = os.Remove(user + ".yaml")
			return "removed: " + user + ".yaml"
		}
		_ = os.WriteFile(user+".yaml", fmt.Appendf(nil, "id: AIDAU%s%cEXAMPLE222222\ntags: {a: \"%d\"}\n", user[len(user)-1:], account[len(account)-1]+1, d.IntN(9)), 0o600)
		return "written: " + user + ".yaml"
	}
}

// sameStamp changes one letter, and gives the file its time back.
func (d *disk) sameStamp(file string) {
	before, err := os.Stat(file)
	if err != nil {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil || len(text) < 10 {
		return
	}
	text[len(text)-1] = "\n \t"[d.IntN(3)]
	_ = os.WriteFile(file, text, 0o600)
	_ = os.Chtimes(file, before.ModTime(), before.ModTime())
}
