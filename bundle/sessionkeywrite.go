package bundle

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// Session key files are written by what follows alone, whole and in one step:
// readers see the file as it was or as it is to be. Comments of others are not kept.

const sessionKeyFileHead = `# Session keys, written by sallyport sessions. Whoever reads this file can read the
# temporary credentials of everybody, and, if it has issuer_keys, make some. Keep
# its mode at 0600 and out of version control.
`

// CreateSessionKeys makes a session key file with a deployment of its own. It is an
// error if the file is there.
func CreateSessionKeys(file string, now time.Time) error {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails: the process ends if it would
	f := &sessionKeyFile{deployment: text{value: hex.EncodeToString(id)}}
	f.sealing = add(f.sealing, sealingKind, KeyActive, now)
	f.issuer = add(f.issuer, issuerKind, KeyActive, now)
	return createSessionKeys(file, f)
}

// JoinSessionKeys makes the session key file of another issuer of the deployment
// that a file is of: with the same sealing keys, and an issuer key of its own.
func JoinSessionKeys(file, from string, now time.Time) error {
	other, err := sessionKeysOf(from)
	if err != nil {
		return err
	}
	f := verifying(other)
	f.issuer = add(nil, issuerKind, KeyActive, now)
	return createSessionKeys(file, f)
}

func createSessionKeys(file string, f *sessionKeyFile) error {
	return locked(file, func(file string) error {
		if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("session key file %s: it is there already: name a new file, or rotate its keys", file)
		}
		return f.write(file)
	})
}

// Rotation is a step of a rotation.
type Rotation uint8

// The steps. Where several processes use the keys, PrepareNext comes first, the new
// file goes to all of them, and only then comes ActivateNext: a key must be known
// to all that open tokens before it seals or signs one.
const (
	// PrepareNext makes the keys that are to be active next.
	PrepareNext Rotation = iota
	// ActivateNext activates them and retires those that were active.
	ActivateNext
	// RotateNow does both at once, for keys that one process alone uses.
	RotateNow
)

// ErrNothingNext is that of ActivateNext without PrepareNext.
var ErrNothingNext = errors.New("no key is prepared to become the active one")

// RotateSessionKeys takes a step of a rotation, of sealing and issuer keys alike. It
// removes retired keys that have no tokens left.
func RotateSessionKeys(file string, step Rotation, now time.Time) ([]SessionKey, error) {
	return changeSessionKeys(file, func(f *sessionKeyFile) error {
		if len(f.issuer) == 0 {
			return fmt.Errorf("session key file %s: it has no issuer keys: rotate those of the issuer, and export them to here", file)
		}
		f.prune(now, false)
		if step == ActivateNext && !hasNext(f.sealing) && !hasNext(f.issuer) {
			return fmt.Errorf("session key file %s: %w", file, ErrNothingNext)
		}
		if step != ActivateNext {
			f.sealing = prepare(f.sealing, sealingKind, now)
			f.issuer = prepare(f.issuer, issuerKind, now)
		}
		if step != PrepareNext {
			activate(f.sealing, now)
			activate(f.issuer, now)
		}
		return nil
	})
}

// PruneSessionKeys removes retired keys that have no tokens left; with all, every
// retired key, which ends the sessions that it made.
func PruneSessionKeys(file string, all bool, now time.Time) ([]SessionKey, error) {
	return changeSessionKeys(file, func(f *sessionKeyFile) error {
		f.prune(now, all)
		return nil
	})
}

// TrustSessionKeys makes the tokens of the issuers of another file genuine: it takes
// over their public keys, and the sealing keys that are not known yet. What is
// retired here stays so.
func TrustSessionKeys(file, from string) ([]SessionKey, error) {
	other, err := sessionKeysOf(from)
	if err != nil {
		return nil, err
	}
	return changeSessionKeys(file, func(f *sessionKeyFile) error {
		if other.deployment.value != f.deployment.value {
			return fmt.Errorf("session key file %s: it is of the deployment %s, and %s is of %s: make the keys of another issuer with `sallyport sessions keygen --join`",
				from, other.deployment.value, file, f.deployment.value)
		}
		for _, e := range other.sealing {
			if find(f.sealing, e.id.value) == nil {
				if e.status == KeyActive {
					e.status = KeyNext // what seals here is for rotate to say
				}
				f.sealing = append(f.sealing, e)
			}
		}
		for _, e := range verifying(other).trusted {
			switch known := find(f.trusted, e.id.value); {
			case find(f.issuer, e.id.value) != nil:
			case known != nil && known.status == KeyRetired && e.status != KeyRetired:
				// The other file is older: a retired key never comes back.
			case known != nil:
				*known = e
			default:
				f.trusted = append(f.trusted, e)
			}
		}
		return nil
	})
}

// ExportSessionKeys writes a file that opens sessions and cannot make any: without
// private keys, for replicas. It may take the place of an earlier one of the kind.
func ExportSessionKeys(file, out string) (keys []SessionKey, err error) {
	err = locked(out, func(out string) error {
		// Read under the lock: an export that waited must not undo a newer one.
		f, err := sessionKeysOf(file)
		if err != nil {
			return err
		}
		if _, err := os.Lstat(out); !errors.Is(err, fs.ErrNotExist) {
			old, err := sessionKeysOf(out)
			if err != nil {
				return fmt.Errorf("%w; it is left as it is: export to another file", err)
			}
			if len(old.issuer) > 0 {
				return fmt.Errorf("session key file %s: it has private keys, which would be lost: export to another file", out)
			}
			if old.deployment.value != f.deployment.value {
				return fmt.Errorf("session key file %s: it is of another deployment, %s: export to another file, or remove this one", out, old.deployment.value)
			}
		}
		exported := verifying(f)
		keys = exported.listed()
		return exported.write(out)
	})
	return keys, err
}

// verifying is a file without its private keys.
func verifying(f *sessionKeyFile) *sessionKeyFile {
	v := &sessionKeyFile{deployment: f.deployment, sealing: f.sealing}
	for _, e := range f.issuer {
		e.key = publicKey(e.key)
		v.trusted = append(v.trusted, e)
	}
	v.trusted = append(v.trusted, f.trusted...)
	return v
}

// add makes a key.
func add(entries []sessionKeyEntry, kind *sessionKeyKind, status string, now time.Time) []sessionKeyEntry {
	for {
		e := sessionKeyEntry{key: make([]byte, sessionKeySize), status: status, created: now.UTC().Truncate(time.Second)}
		_, _ = rand.Read(e.key)
		e.id.value = kind.id(e.key)
		if find(entries, e.id.value) == nil {
			return append(entries, e)
		}
	}
}

func hasNext(entries []sessionKeyEntry) bool {
	for i := range entries {
		if entries[i].status == KeyNext {
			return true
		}
	}
	return false
}

// prepare makes the next key unless there is one.
func prepare(entries []sessionKeyEntry, kind *sessionKeyKind, now time.Time) []sessionKeyEntry {
	if hasNext(entries) {
		return entries
	}
	return add(entries, kind, KeyNext, now)
}

// activate makes the first of the next keys the active one.
func activate(entries []sessionKeyEntry, now time.Time) {
	if !hasNext(entries) {
		return
	}
	for i := range entries {
		if e := &entries[i]; e.status == KeyActive {
			e.status, e.retired = KeyRetired, now.UTC().Truncate(time.Second)
		}
	}
	for i := range entries {
		if e := &entries[i]; e.status == KeyNext {
			e.status = KeyActive
			return
		}
	}
}

func (f *sessionKeyFile) prune(now time.Time, all bool) {
	for _, list := range []*[]sessionKeyEntry{&f.sealing, &f.issuer, &f.trusted} {
		kept := (*list)[:0]
		for _, e := range *list {
			if e.status != KeyRetired || !all && !now.After(e.until()) {
				kept = append(kept, e)
			}
		}
		*list = kept
	}
}

// locked does what it is given with the file that a path leads to, while no other
// writer changes it.
func locked(path string, do func(file string) error) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	unlock, err := lock(filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".lock"), lockWait)
	if err != nil {
		return fmt.Errorf("session key file %s: %w", path, err)
	}
	defer unlock()
	return do(path)
}

// sessionKeysOf reads a session key file that has no errors.
func sessionKeysOf(file string) (*sessionKeyFile, error) {
	f, findings := readSessionKeySource(file).parseSessionKeys()
	if f == nil {
		return nil, errors.New(summary(findings))
	}
	return f, nil
}

func changeSessionKeys(file string, change func(*sessionKeyFile) error) (keys []SessionKey, err error) {
	err = locked(file, func(file string) error {
		f, err := sessionKeysOf(file)
		if err != nil {
			return err
		}
		if err := change(f); err != nil {
			return err
		}
		keys = f.listed()
		return f.write(file)
	})
	return keys, err
}

// write replaces the file, unless it would not be read.
func (f *sessionKeyFile) write(file string) error {
	written := &keySource{path: file, text: f.text()}
	if _, findings := written.parseSessionKeys(); policy.HasErrors(findings) {
		return fmt.Errorf("the session key file is left as it is: %s", summary(findings))
	}
	if err := replaceFile(file, written.text); err != nil {
		return fmt.Errorf("session key file %s: %w", file, err)
	}
	return nil
}

func (f *sessionKeyFile) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%sdeployment: %q\n", sessionKeyFileHead, f.deployment.value)
	list := func(kind *sessionKeyKind, entries []sessionKeyEntry) {
		if len(entries) == 0 {
			return
		}
		fmt.Fprintf(&b, "%s:\n", kind.list)
		for i := range entries {
			e := &entries[i]
			fmt.Fprintf(&b, "  - id: %q\n    %s: %q\n    status: %s\n", e.id.value, kind.field, base64.StdEncoding.EncodeToString(e.key), e.status)
			if !e.created.IsZero() {
				fmt.Fprintf(&b, "    created: %s\n", e.created.Format(time.RFC3339))
			}
			if !e.retired.IsZero() {
				fmt.Fprintf(&b, "    retired: %s\n", e.retired.Format(time.RFC3339))
			}
		}
	}
	list(sealingKind, f.sealing)
	list(issuerKind, f.issuer)
	list(trustedKind, f.trusted)
	return b.Bytes()
}
