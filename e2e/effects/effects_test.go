//go:build linux

package effects_test

import (
	"flag"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

var requests = flag.Int("requests", 2000, "how many requests TestEffects makes")

// TestEffects makes requests of random bytes, the same each time.
func TestEffects(t *testing.T) {
	l := open(t)
	random := rand.NewChaCha8([32]byte{1})
	count := *requests
	if testing.Short() {
		count /= 10
	}
	answered, effective, told := map[int]int{}, map[string]int{}, 0
	for range count {
		data := make([]byte, 48)
		_, _ = random.Read(data)
		response, record, tells := l.try(t, data)
		if tells {
			told++
		}
		if response != nil {
			answered[response.StatusCode/100]++
		}
		if record != nil && response.StatusCode/100 == 2 {
			effective[record.EventName]++
		}
	}
	t.Logf("answers by class of status: %v; %d of them tell what objects have; successes by operation: %v", answered, told, effective)
	// Requests that are all refused prove nothing.
	if answered[2] < count/8 || told < count/50 {
		t.Errorf("%d of %d requests succeeded, and %d answers tell anything", answered[2], count, told)
	}
	for _, operation := range []string{"GetObject", "PutObject", "CopyObject", "DeleteObject", "DeleteObjects", "PostObject", "UploadPartCopy", "CompleteMultipartUpload", "PutObjectTagging", "ListObjectVersions"} {
		if effective[operation] == 0 && !testing.Short() {
			t.Errorf("no %s succeeded", operation)
		}
	}
}

// FuzzEffects makes requests of the fuzzer's bytes.
func FuzzEffects(f *testing.F) {
	l := open(f) // before the time of an input counts
	random := rand.NewChaCha8([32]byte{2})
	for range 200 {
		data := make([]byte, 48)
		_, _ = random.Read(data)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { l.try(t, data) })
}

// try makes a request of bytes, sends it, and judges what it did. tells is true
// if the answer has something that nobody may know who has no access.
func (l *lab) try(t *testing.T, data []byte) (response *http.Response, record *record, tells bool) {
	t.Helper()
	l.busy.Lock()
	defer l.busy.Unlock()
	m := &maker{lab: l, data: data}
	r := m.request()
	r.sign(l.key, time.Now().UTC())
	response, answer, record, err := l.exchange(r)
	if err != nil && !strings.Contains(err.Error(), "reading the answer") {
		t.Fatal(err)
	}
	after, err := readDisk(l.home)
	if err != nil {
		t.Fatal(err)
	}
	effects := changes(l.disk, after)
	for _, wrong := range l.judge(record, effects, r, response, answer) {
		t.Errorf("%q: %s; recorded: %+v; answered %q", r.String(), wrong, record, answer)
	}
	if err := undo(l.home, effects); err != nil {
		t.Fatal(err)
	}
	if seen := slices.DeleteFunc(effects, func(e effect) bool { return placeOf(e.path, false).scratch }); len(seen) > 0 {
		l.mustBlame(t, seen, r, record)
	}
	return response, record, len(l.judge(nil, nil, r, response, answer)) > 0
}

// mustBlame checks the judge: what was done must not be covered by a record
// without accesses, nor by one of another key, nor of one that was denied.
func (l *lab) mustBlame(t *testing.T, effects []effect, r *request, of *record) {
	t.Helper()
	if of == nil {
		return // and blamed
	}
	others, denied := *of, *of
	others.Accesses, denied.Accesses = slices.Clone(of.Accesses), slices.Clone(of.Accesses)
	for i := range others.Accesses {
		others.Accesses[i].Resource += "x"
		denied.Accesses[i].Decision = "undecided"
	}
	for name, wrong := range map[string]*record{"no record": nil, "no access": {}, "others' keys": &others, "nothing allowed": &denied} {
		if len(l.judge(wrong, effects, r, nil, "")) == 0 {
			t.Errorf("with %s, %v is not blamed", name, effects)
		}
	}
}
