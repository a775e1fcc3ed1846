package bundle_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/authz/policy"
	"github.com/sallyport-iam/sallyport/bundle"
)

// allowed decides one action of the user of a key on a resource.
func allowed(t testing.TB, s *bundle.Snapshot, key, action, resource string) bool {
	t.Helper()
	c, ok := s.Credential(key)
	if !ok {
		t.Fatalf("no credential %s", key)
	}
	return authz.Decide(c.Caller, &authz.Request{}, &authz.Access{Action: action, Resource: resource, Account: account}).Allowed()
}

func TestCaller(t *testing.T) {
	t.Parallel()
	s := small.with(files{
		"bundle/accounts/111122223333/users/alice.yaml": "id: AIDAALICEEXAMPLE22222\npath: /team/a/\ntags: {Team: storage, empty: \"\"}\n",
	}).mustLoad(t)
	c, ok := s.Credential(accessKey)
	if !ok {
		t.Fatal("no credential")
	}
	if c.Secret.Reveal() != secretKey {
		t.Error("the secret is another one")
	}
	a := c.Caller
	if a.Type != authz.User || a.Account != account || a.ARN != "arn:aws:iam::111122223333:user/team/a/alice" || a.ID != "AIDAALICEEXAMPLE22222" {
		t.Errorf("caller %+v", a)
	}
	if a.Boundary != nil || a.Session != nil || a.SCP != nil || a.ParentARN != "" {
		t.Errorf("caller with more than it has: %+v", a)
	}
	want := map[string]string{
		"aws:principalaccount": account, "aws:principalarn": a.ARN, "aws:principalisawsservice": "false", "aws:principaltype": "User",
		"aws:userid": a.ID, "aws:username": "alice", "aws:principaltag/team": "storage", "aws:principaltag/empty": "",
	}
	for key, value := range want {
		got, ok := a.Keys.Lookup(key)
		text, single := got.Single()
		if !ok || !single || text != value {
			t.Errorf("%s is %q (%t, %t), want %q", key, text, ok, single, value)
		}
		if !slices.ContainsFunc(bundle.PrincipalKeys(), func(k string) bool { return k == key || strings.HasSuffix(k, "/") && strings.HasPrefix(key, k) }) {
			t.Errorf("PrincipalKeys does not tell of %s", key)
		}
	}
	if a.Keys.Len() != len(want) {
		t.Errorf("%d keys, want %d", a.Keys.Len(), len(want))
	}
}

// TestAttached: a user's decisions follow from its own policies and its groups',
// bounded by its boundary.
func TestAttached(t *testing.T) {
	t.Parallel()
	s := small.with(files{
		"bundle/accounts/111122223333/users/bob.yaml":           "id: AIDABOBEXAMPLE2222222\ngroups: [writers]\nattached: [\"arn:aws:iam::aws:policy/job-function/Tagger\"]\n",
		"bundle/accounts/111122223333/users/carol.yaml":         "id: AIDACAROLEXAMPLE22222\ngroups: [writers]\nboundary: arn:aws:iam::111122223333:policy/bound\n",
		"bundle/accounts/111122223333/groups/writers.yaml":      "id: AGPAWRITERSEXAMPLE222\nattached: [\"arn:aws:iam::111122223333:policy/write\"]\n",
		"bundle/accounts/111122223333/groups/writers/list.json": allow("s3:ListBucket"),
		"bundle/accounts/111122223333/policies/write.json":      allow("s3:PutObject"),
		"bundle/accounts/111122223333/policies/bound.json":      allow("s3:ListBucket"),
		"bundle/accounts/aws/policies/Tagger.json":              allow("s3:PutObjectTagging"),
		"bundle/accounts/aws/policies/Tagger.yaml":              "path: /job-function/\n",
		"keys-more.yaml": keyLine("AKIABOBEXAMPLE222222", "bob"),
		"keys-most.yaml": keyLine("AKIACAROLEXAMPLE2222", "carol"),
		"bundle/accounts/111122223333/resources/s3/reports.json": `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}]}`,
	}).mustLoad(t)
	const bob, carol = "AKIABOBEXAMPLE222222", "AKIACAROLEXAMPLE2222"
	tests := []struct {
		key, action string
		want        bool
	}{
		{accessKey, "s3:GetObject", true},
		{accessKey, "s3:PutObject", false},
		{bob, "s3:GetObject", false},
		{bob, "s3:PutObject", true},
		{bob, "s3:ListBucket", true},
		{bob, "s3:PutObjectTagging", true},
		{carol, "s3:PutObject", false},
		{carol, "s3:ListBucket", true},
	}
	for _, tt := range tests {
		if got := allowed(t, s, tt.key, tt.action, "arn:aws:s3:::logs/a"); got != tt.want {
			t.Errorf("%s %s: allowed %t, want %t", tt.key, tt.action, got, tt.want)
		}
	}
	if b := s.Bucket("reports"); b == nil || b.Policy == nil || s.Bucket("logs") != nil {
		t.Error("the bucket policy is not where it belongs")
	}
	want := bundle.Counts{Accounts: 1, Users: 3, Groups: 1, Policies: 6, Statements: 6, Keys: 3}
	if diff := cmp.Diff(want, s.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// TestBucket tells of a bucket what its files say, be it one or both.
func TestBucket(t *testing.T) {
	t.Parallel()
	text := `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}]}`
	s, findings := small.with(files{
		"bundle/accounts/111122223333/resources/s3/reports.json": text,
		"bundle/accounts/111122223333/resources/s3/reports.yaml": "tags: {team: red, Stage: \"\"}\n",
		"bundle/accounts/111122223333/resources/s3/logs.yaml":    "tags: {team: blue}\n",
	}).load(t)
	if s == nil {
		t.Fatal(findings)
	}
	reports, logs := s.Bucket("reports"), s.Bucket("logs")
	if reports == nil || logs == nil || s.Bucket("other") != nil {
		t.Fatalf("reports %v, logs %v", reports, logs)
	}
	if reports.Policy == nil || reports.PolicyText != text || logs.Policy != nil || logs.PolicyText != "" {
		t.Errorf("policies: %+v, %+v", reports, logs)
	}
	if diff := cmp.Diff([]bundle.Tag{{Key: "Stage"}, {Key: "team", Value: "red"}}, reports.Tags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

// TestShared: principals with the same documents share what is made of them, and
// the keys of a user share the caller.
func TestShared(t *testing.T) {
	t.Parallel()
	all := small.with(files{
		"bundle/accounts/111122223333/policies/a.json":    allow("s3:GetObject"),
		"bundle/accounts/111122223333/policies/b.json":    allow("s3:PutObject"),
		"bundle/accounts/111122223333/groups/both.yaml":   "id: AGPABOTHEXAMPLE222222\nattached: [\"arn:aws:iam::111122223333:policy/b\", \"arn:aws:iam::111122223333:policy/a\"]\n",
		"bundle/accounts/111122223333/users/bob.yaml":     "id: AIDABOBEXAMPLE2222222\ngroups: [both]\n",
		"bundle/accounts/111122223333/users/carol.yaml":   "id: AIDACAROLEXAMPLE22222\ngroups: [both]\nattached: [\"arn:aws:iam::111122223333:policy/a\"]\n",
		"bundle/accounts/111122223333/users/dave.yaml":    "id: AIDADAVEEXAMPLE222222\nattached: [\"arn:aws:iam::111122223333:policy/a\"]\n",
		"bundle/accounts/111122223333/users/nothing.yaml": "id: AIDANOTHINGEXAMPLE222\n",
		"keys-bob.yaml":     keyLine("AKIABOBEXAMPLE222222", "bob"),
		"keys-carol.yaml":   keyLine("AKIACAROLEXAMPLE2222", "carol"),
		"keys-dave.yaml":    keyLine("AKIADAVEEXAMPLE22222", "dave"),
		"keys-nothing.yaml": keyLine("AKIANOTHINGEXAMPLE22", "nothing"),
		"keys-second.yaml":  keyLine("AKIABOBEXAMPLE222223", "bob"),
	})
	s := all.mustLoad(t)
	caller := func(key string) *authz.Caller {
		c, ok := s.Credential(key)
		if !ok {
			t.Fatalf("no credential %s", key)
		}
		return c.Caller
	}
	if caller("AKIABOBEXAMPLE222222") != caller("AKIABOBEXAMPLE222223") {
		t.Error("two keys of one user have two callers")
	}
	if caller("AKIABOBEXAMPLE222222").Identity != caller("AKIACAROLEXAMPLE2222").Identity {
		t.Error("the same documents, attached in different ways, are two sets")
	}
	if caller("AKIABOBEXAMPLE222222").Identity == caller("AKIADAVEEXAMPLE22222").Identity {
		t.Error("different documents are one set")
	}
	if caller("AKIANOTHINGEXAMPLE22").Identity != nil {
		t.Error("no documents are a set")
	}
}

func TestRole(t *testing.T) {
	t.Parallel()
	s := small.with(files{
		"bundle/accounts/111122223333/roles/app.yaml":       "id: AROAAPPEXAMPLE2222222\npath: /svc/\nmax_session_duration: 7200\nboundary: arn:aws:iam::111122223333:policy/bound\n",
		"bundle/accounts/111122223333/roles/app.trust.json": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:user/alice"}, "Action": "sts:AssumeRole"}]}`,
		"bundle/accounts/111122223333/roles/app/read.json":  allow("s3:GetObject"),
		"bundle/accounts/111122223333/policies/bound.json":  allow("s3:ListBucket"),
	}).mustLoad(t)
	r, ok := s.Role("arn:aws:iam::111122223333:role/svc/app")
	if !ok {
		t.Fatal("no role")
	}
	if r.ID != "AROAAPPEXAMPLE2222222" || r.MaxSession.Hours() != 2 || r.Trust == nil || r.Identity == nil || r.Boundary == nil {
		t.Errorf("role %+v", r)
	}
	if _, ok := s.Role("arn:aws:iam::111122223333:role/app"); ok {
		t.Error("a role is found without its path")
	}
}

// TestOwner measures allocations, so it is not parallel.
func TestOwner(t *testing.T) {
	s := small.with(files{"bundle/bundle.yaml": `accounts: {"111122223333": {}, "444455556666": {}, "777788889999": {}}
buckets:
  - {name: "team-*", account: "111122223333"}
  - {name: "team-b-*", account: "444455556666"}
  - {name: "team-b-1", account: "777788889999"}
  - {name: "shared", account: "111122223333"}
  - {name: "shared", account: "444455556666", route: main}
  - {name: "*", account: "777788889999", route: main}
`}).mustLoad(t)
	tests := []struct{ route, bucket, want string }{
		{"other", "team-a", "111122223333"},
		{"other", "team-", "111122223333"},
		{"other", "team", ""},
		{"other", "team-b-2", "444455556666"},
		{"other", "team-b-1", "777788889999"},
		{"other", "team-b-11", "444455556666"},
		{"other", "shared", "111122223333"},
		{"", "shared", "111122223333"},
		{"main", "shared", "444455556666"},
		{"main", "team-b-1", "777788889999"},
		{"main", "team-a", "777788889999"},
		{"other", "nobody", ""},
		{"other", "", ""},
	}
	for _, tt := range tests {
		got, ok := s.Owner(tt.route, tt.bucket)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("owner of %q on %q: %q, %t, want %q", tt.bucket, tt.route, got, ok, tt.want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { s.Owner("main", "team-b-2") }); n > 0 {
		t.Errorf("%v allocations for an owner", n)
	}
	if diff := cmp.Diff([]string{"111122223333", "444455556666", "777788889999"}, s.Accounts()); diff != "" {
		t.Errorf("accounts (-want +got):\n%s", diff)
	}
}

// TestRevision: it follows from the content alone, keys and files that are left
// alone not counted.
func TestRevision(t *testing.T) {
	t.Parallel()
	first := small.mustLoad(t).Revision()
	// sha256sum of the files, and again of its output:
	//   cd bundle && find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum
	if want := "68ef27329ef3c5b5"; first != want {
		t.Errorf("revision %s, want %s", first, want)
	}
	same := small.with(files{"bundle/README.md": "note", "bundle/.git/HEAD": "x", "keys.yaml": keyLine("AKIAI44QH8DHBEXAMPLE", "alice")})
	if got := same.mustLoad(t).Revision(); got != first {
		t.Errorf("revision %s after a change of nothing, before %s", got, first)
	}
	other := small.with(files{"bundle/accounts/111122223333/users/alice/read.json": allow("s3:PutObject")})
	if got := other.mustLoad(t).Revision(); got == first {
		t.Error("the same revision after a change")
	}
}

// TestWithoutRoutes: a note says that condition keys were not judged.
func TestWithoutRoutes(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.with(files{
		"bundle/accounts/111122223333/users/alice/read.json": `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "a"}}}]}`,
	}).write(t, directory)
	o := options(t, directory)
	o.Routes = nil
	s, findings := bundle.Load(o)
	if s == nil || len(findings) != 1 || findings[0].Code != "ROUTES_UNKNOWN" || findings[0].Severity != policy.Note {
		t.Errorf("snapshot %v, findings %v", s, findings)
	}
}

// TestJudgedPerRoute: the finding names the routes on which nothing fills the
// key, and no other.
func TestJudgedPerRoute(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.with(files{
		"bundle/accounts/111122223333/users/alice/read.json": `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"x:key": "a"}}}]}`,
	}).write(t, directory)
	o := options(t, directory)
	filling := storageRoute("filling")
	filling.Fills = func(string, string) bool { return true }
	queues := bundle.Route{Name: "queues", Actions: []string{"sqs:SendMessage"}, Fills: func(string, string) bool { return false }}
	o.Routes = append(o.Routes, filling, queues)
	_, findings := bundle.Load(o)
	if len(findings) != 1 || !strings.Contains(findings[0].Message, `route "main"`) || strings.Contains(findings[0].Message, "filling") || strings.Contains(findings[0].Message, "queues") {
		t.Errorf("findings %v", findings)
	}
}

// TestAnyRoute: a route that stands for all does not restrict names of routes.
func TestAnyRoute(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	small.with(files{"bundle/bundle.yaml": small["bundle/bundle.yaml"] + "  - {name: logs, account: \"111122223333\", route: unheard-of}\n"}).write(t, directory)
	o := options(t, directory)
	if s, findings := bundle.Load(o); s != nil || len(findings) != 1 || findings[0].Code != "UNKNOWN_ROUTE" {
		t.Errorf("findings %v", findings)
	}
	o.Routes = []bundle.Route{storageRoute(bundle.AnyRoute)}
	if s, findings := bundle.Load(o); s == nil || len(findings) > 0 {
		t.Errorf("findings %v", findings)
	}
}

// TestQuickstart: the bundle that new users read first loads without a word, for
// everything that the S3 mapper can do.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	o := bundle.Options{Directory: "../examples/quickstart/bundle", Routes: []bundle.Route{{Name: "main", Actions: s3.Actions(), Fills: s3.Fills}}}
	keys := "keys:\n"
	for i, user := range []string{"alice", "bob", "carol"} {
		keys += strings.TrimPrefix(keyLine("AKIAEXAMPLE00000000"+strconv.Itoa(i), user), "keys:\n")
	}
	files{"keys.yaml": keys}.write(t, directory)
	o.KeyFiles = []string{directory + "/keys.yaml"}
	s, findings := bundle.Load(o)
	if s == nil || len(findings) > 0 {
		t.Fatalf("findings %v", findings)
	}
	const alice, bob, carol = "AKIAEXAMPLE000000000", "AKIAEXAMPLE000000001", "AKIAEXAMPLE000000002"
	tests := []struct {
		key, action, resource string
		want                  bool
	}{
		{alice, "s3:GetObject", "arn:aws:s3:::reports/2026.csv", true},
		{alice, "s3:PutObject", "arn:aws:s3:::reports/2026.csv", true},
		{alice, "s3:PutObject", "arn:aws:s3:::home/alice/notes", true},
		{alice, "s3:PutObject", "arn:aws:s3:::home/bob/notes", false},
		{bob, "s3:GetObject", "arn:aws:s3:::reports/public/2026.csv", true},
		{bob, "s3:GetObject", "arn:aws:s3:::reports/2026.csv", false},
		{bob, "s3:PutObject", "arn:aws:s3:::reports/public/2026.csv", false},
		{carol, "s3:DeleteObject", "arn:aws:s3:::reports/2026.csv", true},
		{carol, "s3:GetObject", "arn:aws:s3:::reports/secret/plan", false},
		{carol, "s3:GetObject", "arn:aws:s3:::home/carol/notes", false},
	}
	for _, tt := range tests {
		if got := allowed(t, s, tt.key, tt.action, tt.resource); got != tt.want {
			t.Errorf("%s %s on %s: allowed %t, want %t", tt.key, tt.action, tt.resource, got, tt.want)
		}
	}
}
