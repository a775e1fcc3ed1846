package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
)

// input is one reading of the directory, the key files and the session key file.
type input struct {
	tree *tree
	keys []*keySource
	// sessions is the session key file; nil if there is none.
	sessions *keySource
	// err tells that the directory could not be read at all.
	err  error
	pace *pace
}

// reader reads again and again, and what has changed alone where the file system
// tells.
type reader struct {
	opts   *Options
	pace   *pace
	memory memory
	// untold tells that the file system of something that the last reading read may not
	// tell of changes.
	untold bool
}

// readInput reads everything once; texts are those of the directory.
func readInput(ctx context.Context, opts *Options, keep bool) *input {
	kept := noTexts
	if keep {
		kept = everything
	}
	return (&reader{opts: opts}).read(ctx, kept)
}

func (r *reader) read(ctx context.Context, texts texts) *input {
	in := &input{pace: r.pace}
	in.tree, in.err = readTree(ctx, r.pace, r.opts.Directory, &r.memory, texts)
	r.untold = !r.memory.trust || r.memory.elsewhere
	if r.opts.NoSecrets {
		return in
	}
	for _, file := range r.opts.KeyFiles {
		k := readKeySource(file)
		in.keys, r.untold = append(in.keys, k), r.untold || !k.told
	}
	if r.opts.SessionKeyFile != "" {
		in.sessions = readSessionKeySource(r.opts.SessionKeyFile)
		r.untold = r.untold || !in.sessions.told
	}
	return in
}

// built notes that all of the last reading was built of, and is remembered.
func (r *reader) built() { r.memory.built = r.memory.reading }

// quiet tells that nothing of what was read has changed for some time, as far as
// the file system tells.
func (in *input) quiet(since time.Time) bool {
	changed := in.tree.changed
	sources := in.keys
	if in.sessions != nil {
		sources = append(sources[:len(sources):len(sources)], in.sessions)
	}
	for _, k := range sources {
		changed.add(k.changed)
	}
	return in.err == nil && changed.before(since)
}

// fingerprint tells two readings apart that may lead to different results. It
// follows from secrets: it never leaves the process.
func (in *input) fingerprint() fingerprint {
	h := sha256.New()
	if in.err != nil {
		digestPart(h, []byte(in.err.Error()))
	}
	var part []byte
	for i := range in.tree.files {
		f := &in.tree.files[i]
		part = append(append(part[:0], f.path...), f.digest[:]...)
		digestPart(h, part)
		_ = in.pace.step()
	}
	for _, f := range in.tree.findings {
		digestPart(h, []byte(f.String()))
	}
	keys := in.keysFingerprint()
	digestPart(h, keys[:])
	return fingerprint(h.Sum(nil))
}

// keysFingerprint is that of the key files alone, the session key file among them.
func (in *input) keysFingerprint() fingerprint {
	h := sha256.New()
	sources := in.keys
	if in.sessions != nil {
		sources = append(sources[:len(sources):len(sources)], in.sessions)
	}
	for _, k := range sources {
		digestPart(h, []byte(k.path))
		digestPart(h, k.text)
		if k.refused != nil {
			digestPart(h, []byte(k.refused.String()))
		}
	}
	return fingerprint(h.Sum(nil))
}

// digestPart adds one part, with its length, so that no two lists of parts are
// alike.
func digestPart(h hash.Hash, part []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(part)))
	_, _ = h.Write(length[:])
	_, _ = h.Write(part)
}

// unreadable is the finding of a directory that cannot be read.
func (in *input) unreadable(directory string) policy.Finding {
	return policy.Finding{
		File: directory, Line: 1, Column: 1, Code: "UNREADABLE", Message: fmt.Sprint(in.err),
		Remedy: "see that the directory is there and that the user that Sallyport runs as may read it",
	}
}
