package bundle

import (
	"bytes"
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/secret"
)

// The shape of the keys made here, which is that of AWS's own.
const (
	keyPrefix    = "AKIA"
	secretLength = 40
)

// keyFileHead begins a new key file.
const keyFileHead = `# Access keys: whoever reads this file can act as the users in it. Keep its mode
# at 0600 and out of version control.
`

// lockWait bounds the wait for another writer of the same file.
const lockWait = 10 * time.Second

// CreateKey makes an access key for a user and adds it to a key file, which is
// made if it is not there. The secret is returned here and stands in the file,
// nowhere else. The file is replaced in one step: readers see it without the key
// or with it, and what it held before stays as it was written.
func CreateKey(file, account, user string, now time.Time) (Key, secret.Value, error) {
	key := Key{AccessKeyID: newAccessKeyID(), Account: account, User: user, Status: Active, Created: now.UTC().Truncate(time.Second)}
	value := newSecret()
	err := addToKeyFile(file, account, user, func(list keyList, text []byte) ([]byte, error) {
		if err := list.takes(file, account, user); err != nil {
			return nil, err
		}
		return list.keysAt.with(text, "keys", keyLines(key, value)), nil
	})
	if err != nil {
		return Key{}, secret.Value{}, err
	}
	return key, value, nil
}

// addToKeyFile adds one element to a list of a key file, for a user. with gives the
// text of the file with it.
func addToKeyFile(file, account, user string, with func(list keyList, text []byte) ([]byte, error)) error {
	if !isAccount(account) {
		return fmt.Errorf("%q is not the id of an account: write its 12 digits", account)
	}
	if bad := badName(user, users.longest); bad != "" {
		return fmt.Errorf("the name of the user, %q, %s", user, bad)
	}
	if real, err := filepath.EvalSymlinks(file); err == nil {
		file = real
	}
	unlock, err := lock(filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".lock"), lockWait)
	if err != nil {
		return fmt.Errorf("key file %s: %w", file, err)
	}
	defer unlock()

	source, list, err := readForWriting(file)
	if err != nil {
		return err
	}
	text, err := with(list, source.text)
	if err != nil {
		return err
	}
	next := &keySource{path: file, text: text}
	if after, findings := next.parseList(); policy.HasErrors(findings) || len(after.entries)+len(after.devices) != len(list.entries)+len(list.devices)+1 {
		return fmt.Errorf("key file %s: nothing can be added to it as it is written: write a line “- …” for each element of its lists", file)
	}
	if err := replaceFile(file, next.text); err != nil {
		return fmt.Errorf("key file %s: %w", file, err)
	}
	return nil
}

// readForWriting reads the file as it is; without one, an empty list.
func readForWriting(file string) (*keySource, keyList, error) {
	source := readKeySource(file)
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) || source.refused == nil && len(bytes.TrimSpace(source.text)) == 0 {
		return &keySource{path: file}, keyList{}, nil
	}
	list, findings := source.parseList()
	if policy.HasErrors(findings) {
		return nil, keyList{}, fmt.Errorf("the key file is left as it is: %s", summary(findings))
	}
	return source, list, nil
}

// takes tells whether a user may have another key.
func (l keyList) takes(file, account, user string) error {
	n := 0
	for _, e := range l.entries {
		if e.account.value == account && e.user.value == user {
			n++
		}
	}
	if n >= maxKeys {
		return fmt.Errorf("user %s of account %s has %d access keys already, active or not, which is AWS's limit: remove one from %s first", user, account, n, file)
	}
	return l.keysAt.takes(file, "access_key_id")
}

// takes tells whether a list can have another element.
func (l listPlace) takes(file, first string) error {
	if l.flow && l.n > 0 {
		return fmt.Errorf("key file %s: nothing can be added to a list in brackets: write a line “- %s: …” for each", file, first)
	}
	return nil
}

func keyLines(k Key, s secret.Value) []string {
	return []string{
		"access_key_id: " + k.AccessKeyID,
		fmt.Sprintf("secret_access_key: %q", s.Reveal()),
		fmt.Sprintf("account: %q", k.Account),
		fmt.Sprintf("user: %q", k.User),
		"status: " + k.Status,
		"created: " + k.Created.Format(time.RFC3339),
	}
}

// with is the text of the file with one more element of the list that a key holds.
// What is there is not touched, but for an empty list.
func (l listPlace) with(text []byte, key string, element []string) []byte {
	lines := strings.SplitAfter(string(text), "\n")
	before, rest := lines, []string(nil)
	switch {
	case l.n == 0 && l.line > 0:
		before, rest = lines[:l.line-1], lines[l.line:]
	case l.n > 0 && l.next > 0:
		// What stands above the next key in comments belongs to that.
		end := l.next - 1
		for end > l.line && (strings.TrimSpace(lines[end-1]) == "" || strings.HasPrefix(strings.TrimSpace(lines[end-1]), "#")) {
			end--
		}
		before, rest = lines[:end], lines[end:]
	}
	var b bytes.Buffer
	b.WriteString(strings.Join(before, ""))
	if b.Len() == 0 && l.line == 0 {
		b.WriteString(keyFileHead)
	}
	if b.Len() > 0 && !bytes.HasSuffix(b.Bytes(), []byte("\n")) {
		b.WriteByte('\n')
	}
	if l.n == 0 {
		b.WriteString(key + ":\n")
		l.indent = 2
	}
	for i, line := range element {
		mark := "  "
		if i == 0 {
			mark = "- "
		}
		b.WriteString(strings.Repeat(" ", l.indent) + mark + line + "\n")
	}
	b.WriteString(strings.Join(rest, ""))
	return b.Bytes()
}

// newAccessKeyID makes AKIA and 16 characters of A-Z and 2-7: 80 random bits, so
// that ids differ without a register of them.
func newAccessKeyID() string {
	random := make([]byte, 10)
	_, _ = rand.Read(random) // never fails: the process ends if it would
	return keyPrefix + base32.StdEncoding.EncodeToString(random)
}

// newSecret makes 40 characters out of 240 random bits.
func newSecret() secret.Value {
	random := make([]byte, secretLength/4*3)
	_, _ = rand.Read(random)
	return secret.New(base64.StdEncoding.EncodeToString(random))
}

// replaceFile puts a file in place in one step and sees it on disk. Only its
// owner can use it; the owner stays.
func replaceFile(path string, text []byte) (err error) {
	directory := filepath.Dir(path)
	f, err := os.CreateTemp(directory, "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if err = errors.Join(write(f, path, text), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(directory)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func write(f *os.File, path string, text []byte) error {
	if old, err := os.Stat(path); err == nil {
		if err := keepOwner(f, old); err != nil {
			return err
		}
	}
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Sync()
}
