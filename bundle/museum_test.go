package bundle_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// refuses loads the small bundle with another policy for alice and expects one
// error, of a code, that tells a remedy.
func refuses(t *testing.T, text, code, remedy string) {
	t.Helper()
	s, findings := small.with(files{alicesPolicy: text}).load(t)
	if s != nil || len(findings) != 1 {
		t.Fatalf("snapshot %v, findings %v", s, findings)
	}
	f := findings[0]
	if f.File != "accounts/111122223333/users/alice/read.json" || f.Line < 2 || f.Severity != policy.Error || f.Code != code || !strings.Contains(f.Remedy, remedy) {
		t.Errorf("finding %+v", f)
	}
}

// statement is a document whose one statement stands on line 3.
func statement(text string) string {
	return "{\"Version\": \"2012-10-17\",\n\"Statement\": [\n" + text + "\n]}\n"
}

// TestMuseum_10_unknownOperator: an operator that is not known does not make a Deny
// vanish: the bundle is rejected.
func TestMuseum_10_unknownOperator(t *testing.T) {
	t.Parallel()
	refuses(t, statement(`{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringEqual": {"aws:username": "bob"}}}`),
		"INVALID_CONDITION_OPERATOR", `"StringEquals"`)
}

// TestMuseum_11_brokenPolicySkipped: a policy that fails to load is not skipped:
// nothing of the new bundle comes into force, and all of the old one stays.
func TestMuseum_11_brokenPolicySkipped(t *testing.T) {
	t.Parallel()
	s := watch(t, small)
	before := s.generation(1)
	snapshot := s.Current()
	files{
		"bundle/accounts/111122223333/users/alice/write.json": allow("s3:PutObject"),
		"bundle/accounts/111122223333/users/alice/deny.json":  `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condtion": {}}]}`,
		"keys.yaml": keyLine("AKIAI44QH8DHBEXAMPLE", "alice"),
	}.write(t, s.directory)
	after := s.failure("deny.json:1:")
	if s.Current() != snapshot || after.Generation != before.Generation || after.Revision != before.Revision {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if !s.may("s3:GetObject") || s.may("s3:PutObject") {
		t.Error("something of the new bundle is in force")
	}
}

// TestMuseum_24_symlinkSwap: a directory behind a link is exchanged in one step, as
// release scripts do it, again and again.
func TestMuseum_24_symlinkSwap(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.write(t, directory)
	swap := func(target string) {
		t.Helper()
		next := directory + "/next"
		if err := os.Symlink(target, next); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, directory+"/current"); err != nil {
			t.Fatal(err)
		}
	}
	swap("bundle")
	o := options(t, directory)
	o.Directory = directory + "/current"
	o.Poll, o.Quiet = time.Hour, time.Minute // a swap waits for no quiet
	s := run(t, directory, o)
	s.generation(1)
	for i, action := range []string{"s3:PutObject", "s3:GetObject", "s3:ListBucket"} {
		release := fmt.Sprintf("release%d", i)
		all := files{}
		for name, text := range small.with(files{alicesPolicy: allow(action), "keys.yaml": ""}) {
			all[strings.Replace(name, "bundle/", release+"/", 1)] = text
		}
		all.write(t, directory)
		swap(release)
		s.await("the swap", func(bundle.Status) bool { return s.may(action) })
	}
	if got := s.Status().Generation; got != 4 {
		t.Errorf("generation %d after three swaps", got)
	}
}

// TestMuseum_24_editAfterSwap: what is edited behind a link that was swapped once
// is no swap, even if the swap itself changed nothing: it must be quiet first.
func TestMuseum_24_editAfterSwap(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.write(t, directory)
	for name, text := range small {
		if strings.HasPrefix(name, "bundle/") {
			files{strings.Replace(name, "bundle/", "same/", 1): text}.write(t, directory)
		}
	}
	link := func(target string) {
		t.Helper()
		if err := os.Symlink(target, directory+"/next"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(directory+"/next", directory+"/current"); err != nil {
			t.Fatal(err)
		}
	}
	link("bundle")
	o := options(t, directory)
	o.Directory = directory + "/current"
	o.Poll, o.Quiet = time.Hour, time.Minute
	s := run(t, directory, o)
	before := s.generation(1)
	link("same")
	s.await("a look at the swap", func(st bundle.Status) bool { return st.CheckedAt.After(before.CheckedAt) })
	files{strings.Replace(alicesPolicy, "bundle/", "same/", 1): allow("s3:PutObject")}.write(t, directory)
	time.Sleep(300 * time.Millisecond)
	if s.Status().Generation != 1 {
		t.Error("a file is in force as soon as it is written")
	}
}

// TestMuseum_24_kubernetesVolume: a mounted ConfigMap changes by the swap of ..data.
func TestMuseum_24_kubernetesVolume(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	files{"keys.yaml": small["keys.yaml"]}.write(t, directory)
	mount := directory + "/bundle"
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	// publish does what the kubelet does: a new directory, a swap, the removal of
	// the old directory.
	old := ""
	publish := func(n int, action string) {
		t.Helper()
		version := fmt.Sprintf("..2026_03_01_12_00_00.%d", n)
		all := files{}
		for name, text := range small.with(files{alicesPolicy: allow(action), "keys.yaml": ""}) {
			all[strings.Replace(name, "bundle/", "bundle/"+version+"/", 1)] = text
		}
		all.write(t, directory)
		must(os.Symlink(version, mount+"/..data_tmp"))
		must(os.Rename(mount+"/..data_tmp", mount+"/..data"))
		if old != "" {
			must(os.RemoveAll(mount + "/" + old))
		}
		old = version
	}
	publish(1, "s3:GetObject")
	for _, name := range []string{"bundle.yaml", "accounts"} {
		must(os.Symlink("..data/"+name, mount+"/"+name))
	}
	o := options(t, directory)
	o.Poll, o.Quiet = time.Hour, time.Minute
	s := run(t, directory, o)
	s.generation(1)
	for n, action := range []string{"s3:PutObject", "s3:ListBucket", "s3:GetObject"} {
		publish(n+2, action)
		s.await("the swap", func(bundle.Status) bool { return s.may(action) })
	}
	if status := s.Status(); status.Failures != 0 || status.Generation != 4 {
		t.Errorf("status %+v", status)
	}
}

// TestMuseum_24_partialWrite: while many files are written one after the other, no
// snapshot comes into force that holds a part of them.
func TestMuseum_24_partialWrite(t *testing.T) {
	t.Parallel()
	const users = 40
	version := func(n int) files {
		all := files{}
		for i := range users {
			all[fmt.Sprintf("bundle/accounts/111122223333/users/user%d.yaml", i)] = fmt.Sprintf("id: AIDAUSER%04dEXAMPLE22\ntags: {version: \"%d\"}\n", i, n)
			all[fmt.Sprintf("keys%d.yaml", i)] = keyLine(fmt.Sprintf("AKIAUSER%04dEXAMPLE2", i), fmt.Sprintf("user%d", i))
		}
		return all
	}
	torn := make(chan string, 1)
	check := func(s *bundle.Snapshot) string {
		seen := map[string]bool{}
		for i := range users {
			c, ok := s.Credential(fmt.Sprintf("AKIAUSER%04dEXAMPLE2", i))
			if !ok {
				return fmt.Sprintf("user %d is missing", i)
			}
			v, _ := c.Caller.Keys.Lookup("aws:principaltag/version")
			text, _ := v.Single()
			seen[text] = true
		}
		if len(seen) != 1 {
			return fmt.Sprintf("versions %v in one snapshot", seen)
		}
		return ""
	}
	// Long enough that whoever writes is never taken to have ended.
	s := watch(t, small.with(version(1)), func(o *bundle.Options) { o.Quiet = 5 * time.Second })
	s.generation(1)
	next := version(2)
	for name, text := range next {
		if strings.HasPrefix(name, "bundle/") {
			files{name: text}.write(t, s.directory)
			time.Sleep(time.Millisecond)
			if bad := check(s.Current()); bad != "" {
				select {
				case torn <- bad:
				default:
				}
			}
		}
	}
	s.generation(2)
	if bad := check(s.Current()); bad != "" {
		t.Error(bad)
	}
	select {
	case bad := <-torn:
		t.Error(bad)
	default:
	}
}

// TestMuseum_24_lastGoodStays: whatever is taken away, what was in force stays.
func TestMuseum_24_lastGoodStays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, message string
		remove        func(s *site) error
	}{
		{"bundle.yaml", "no bundle.yaml", func(s *site) error { return os.Remove(s.path("bundle/bundle.yaml")) }},
		{"everything in it", "no bundle.yaml", func(s *site) error {
			return os.RemoveAll(s.path("bundle/accounts"))
		}},
		{"the directory", "cannot be read", func(s *site) error { return os.RemoveAll(s.path("bundle")) }},
		{"the user of a key", "there is no user", func(s *site) error {
			return os.RemoveAll(s.path("bundle/accounts/111122223333/users"))
		}},
		{"the content", "is empty", func(s *site) error { return os.Truncate(s.path("bundle/bundle.yaml"), 0) }},
		{"a directory for a file", "cannot be read", func(s *site) error {
			if err := os.RemoveAll(s.path("bundle")); err != nil {
				return err
			}
			return os.WriteFile(s.path("bundle"), nil, 0o600)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := watch(t, small)
			s.generation(1)
			snapshot := s.Current()
			if tt.name == "everything in it" {
				s.must(os.Remove(s.path("bundle/bundle.yaml")))
			}
			s.must(tt.remove(s))
			s.failure(tt.message)
			if s.Current() != snapshot {
				t.Error("what was in force is gone")
			}
		})
	}
}

// TestMuseum_24_oneSnapshot: readers that take the snapshot while it changes get a
// whole one, and generations only rise.
func TestMuseum_24_oneSnapshot(t *testing.T) {
	t.Parallel()
	s := watch(t, small, func(o *bundle.Options) { o.Quiet = 5 * time.Millisecond })
	s.generation(1)
	var readers sync.WaitGroup
	var done atomic.Bool
	for range 4 {
		readers.Go(func() {
			last := uint64(0)
			for !done.Load() {
				current := s.Current()
				if current.Generation() < last {
					t.Errorf("generation %d after %d", current.Generation(), last)
					return
				}
				last = current.Generation()
				c, ok := current.Credential(accessKey)
				if !ok || c.Caller.Identity == nil || current.Revision() == "" {
					t.Error("half a snapshot")
					return
				}
				_ = s.Status()
			}
		})
	}
	for i := range 10 {
		files{alicesPolicy: allow([]string{"s3:PutObject", "s3:GetObject"}[i%2])}.write(t, s.directory)
		s.generation(uint64(i + 2))
	}
	done.Store(true)
	readers.Wait()
}

// TestMuseum_25_ageShows: when the files cannot be activated, the status tells since
// when what is in force is behind, for a metric and an alarm.
func TestMuseum_25_ageShows(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	s := watch(t, small, func(o *bundle.Options) {
		o.Poll = 10 * time.Millisecond
		o.Now = func() time.Time { return time.Unix(1_772_366_400+clock.Load(), 0) }
	})
	before := s.generation(1)
	clock.Store(60)
	s.await("a check", func(st bundle.Status) bool { return st.CheckedAt.Sub(before.ActivatedAt) == time.Minute })
	clock.Store(120)
	files{alicesPolicy: "{"}.write(t, s.directory)
	broken := s.failure("read.json")
	if broken.LastErrorAt.Sub(before.ActivatedAt) != 2*time.Minute {
		t.Errorf("broken %+v", broken)
	}
	clock.Store(3600)
	time.Sleep(50 * time.Millisecond) // some polls
	late := s.Status()
	if late.CheckedAt.After(broken.LastErrorAt) || !late.ActivatedAt.Equal(before.ActivatedAt) || late.LastError == "" || late.Failures != 1 {
		t.Errorf("an hour later %+v", late)
	}
}

// TestMuseum_36_misspeltMember: a member that is not known is not ignored.
func TestMuseum_36_misspeltMember(t *testing.T) {
	t.Parallel()
	for member, near := range map[string]string{"Conditon": `"Condition"`, "condition": `"Condition"`, "NotAktion": `"NotAction"`} {
		refuses(t, statement(`{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "`+member+`": {}}`), "INVALID_POLICY_ELEMENT", near)
	}
	refuses(t, statement(`{"Effect": "Deny", "NotPrincipal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "*"}`), "UNSUPPORTED_PRINCIPAL", "remove it")
}

// TestMuseum_38_unfilledKey: a condition key that nothing fills is an error, as a
// condition, as one that always holds, and as a variable, unless it is settled by
// name.
func TestMuseum_38_unfilledKey(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{
		`"Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}`:    "UNFILLED_CONDITION_KEY",
		`"Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}`: "ALWAYS_DENIES",
		`"Resource": "arn:aws:s3:::logs/${aws:SourceVpce}/*"`:                             "UNFILLED_CONDITION_KEY",
	} {
		deny := statement(`{"Effect": "Deny", "Action": "s3:*", ` + text + `}`)
		refuses(t, deny, code, "assume: {aws:")
		settled := small.with(files{alicesPolicy: deny, "bundle/bundle.yaml": small["bundle/bundle.yaml"] + "assume: {aws:SourceVpce: absent}\n"})
		if s, findings := settled.load(t); s == nil {
			t.Errorf("%s: settled, and yet %v", text, findings)
		}
	}
}
