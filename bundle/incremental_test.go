package bundle_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/authz"
	"github.com/sallyport-iam/sallyport/bundle"
)

// TestBuild_incremental edits a bundle at random, again and again, and compares what
// is made of it, with what was made before at hand, with what is made from nothing:
// the findings, all that the snapshot leads to, and decisions. Nothing stale may be
// kept, and nothing of what has gone.
func TestBuild_incremental(t *testing.T) {
	t.Parallel()
	sessions := []string{"", readFile(t, issuer(t, "one")), readFile(t, issuer(t, "two"))}
	metadata := []string{samlMetadata(t, dawn.AddDate(1, 0, 0)), samlMetadata(t, dawn.AddDate(0, -1, 0)), "<none/>"}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			e := &editor{Rand: rand.New(rand.NewPCG(seed, 9)), sessions: sessions, metadata: metadata}
			e.begin()
			o := bundle.Options{Directory: "bundle", Routes: []bundle.Route{storageRoute("main"), storageRoute("other")}, Now: func() time.Time { return dawn }}
			switch seed % 4 {
			case 1:
				o.NoSessions = true
			case 2:
				o.Principals = []string{"111122223333", "arn:aws:iam::444455556666:user/u1"}
			case 3:
				o.Routes = append(o.Routes, storageRoute(bundle.AnyRoute))
			}
			if e.session != "" {
				o.SessionKeyFile = "sessions.yaml"
			}
			kept := bundle.NewLoader(o)
			good := 0
			for range edits {
				e.edit()
				if e.compare(t, kept, bundle.NewLoader(o)) {
					good++
					e.remember()
				} else if e.IntN(3) > 0 {
					e.back()
				}
				if t.Failed() {
					return
				}
			}
			if good < edits/4 || good > edits*19/20 {
				t.Errorf("%d of %d bundles are whole: want some of both kinds", good, edits)
			}
		})
	}
}

// edits is how many are tried for each seed.
const edits = 300

// compare builds in both ways, and tells whether the bundle is whole.
func (e *editor) compare(t *testing.T, kept, fresh bundle.Loader) bool {
	t.Helper()
	got, found := kept.Build(e.input())
	want, wanted := fresh.Build(e.input())
	if !slices.Equal(found, wanted) {
		t.Fatalf("after %q, findings (-want +got):\n%s", e.last, cmp.Diff(wanted, found))
	}
	if d := difference(want, got); d != "" {
		t.Fatalf("after %q, the snapshot%s", e.last, d)
	}
	if got, want := kept.Remembered(), fresh.Remembered(); got != want {
		t.Fatalf("after %q, %d things are remembered, want %d", e.last, got, want)
	}
	if want == nil {
		return false
	}
	for range 20 {
		e.decide(t, got, want)
	}
	return true
}

// decide compares decisions about a request.
func (e *editor) decide(t *testing.T, got, want *bundle.Snapshot) {
	t.Helper()
	arn := fmt.Sprintf("arn:aws:iam::%s:user/u%d", e.account(), e.IntN(userNames))
	caller, other := got.UserByARN(arn), want.UserByARN(arn)
	if caller == nil {
		return
	}
	bucket := fmt.Sprintf("b%d", e.IntN(3))
	a := authz.Access{Action: e.action(), Resource: fmt.Sprintf("arn:aws:s3:::%s/%d", bucket, e.IntN(3)), Account: e.account()}
	r := authz.Request{Now: dawn}
	r.Keys.Set("aws:sourceip", "192.0.2.7")
	b := a
	if p := got.Bucket(bucket); p != nil {
		a.Policy, b.Policy = p.Policy, want.Bucket(bucket).Policy
	}
	one, two := authz.Decide(caller.Caller, &r, &a), authz.Decide(other.Caller, &r, &b)
	if diff := cmp.Diff(two, one); diff != "" {
		t.Fatalf("after %q, %s %s %s (-want +got):\n%s", e.last, arn, a.Action, a.Resource, diff)
	}
}

// TestBuild_unchanged builds again of the same: everything is at its address.
func TestBuild_unchanged(t *testing.T) {
	t.Parallel()
	e := &editor{Rand: rand.New(rand.NewPCG(1, 2))}
	e.begin()
	l := bundle.NewLoader(bundle.Options{Directory: "bundle"})
	first, findings := l.Build(e.input())
	if first == nil {
		t.Fatal(findings)
	}
	arn := "arn:aws:iam::111122223333:user/u0"
	for _, edit := range []string{"", "accounts/111122223333/users/u1.yaml", "accounts/111122223333/users/u1/i0.json"} {
		if edit != "" {
			e.texts[edit] += "\n"
		}
		again, findings := l.Build(e.input())
		if again == nil {
			t.Fatal(findings)
		}
		if was, is := first.UserByARN(arn), again.UserByARN(arn); was != is {
			t.Errorf("after an edit of %q, another user is a new one", edit)
		}
	}
	again, _ := l.Build(e.input())
	e.texts["accounts/111122223333/users/u0/i0.json"] += "\n"
	edited, _ := l.Build(e.input())
	if edited.UserByARN(arn) == again.UserByARN(arn) || edited.UserByARN(arn).Caller.Identity == again.UserByARN(arn).Caller.Identity {
		t.Error("the user whose policy was edited is the old one")
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// editor edits a bundle.
type editor struct {
	*rand.Rand
	sessions, metadata []string

	texts   map[string]string
	keys    []string
	session string
	last    string
	// good and goodKeys are what was whole last.
	good     map[string]string
	goodKeys []string
}

const userNames, groupNames, roleNames, policyNames = 6, 3, 3, 5

func (e *editor) input() *bundle.Input { return bundle.InputOf(e.texts, e.keys, e.session) }

func (e *editor) remember() { e.good, e.goodKeys = maps.Clone(e.texts), slices.Clone(e.keys) }

func (e *editor) back() {
	e.texts, e.keys, e.last = maps.Clone(e.good), slices.Clone(e.goodKeys), "the way back"
}

// begin writes a bundle that is whole.
func (e *editor) begin() {
	e.texts = map[string]string{"bundle.yaml": settingsText("", "")}
	for i := range userNames {
		path := fmt.Sprintf("accounts/111122223333/users/u%d", i)
		e.texts[path+".yaml"] = fmt.Sprintf("id: AIDAU%dEXAMPLE2222222\n", i)
		e.texts[path+"/i0.json"] = allow("s3:GetObject")
	}
	for i := range roleNames {
		path := fmt.Sprintf("accounts/111122223333/roles/r%d", i)
		e.texts[path+".yaml"] = fmt.Sprintf("id: AROAR%dEXAMPLE2222222\n", i)
		e.texts[path+".trust.json"] = trustText(`{"AWS": "arn:aws:iam::111122223333:user/u1"}`, `"sts:AssumeRole"`, "")
	}
	e.keys = []string{"keys: []\n", "keys: []\n"}
	if len(e.sessions) > 0 && e.IntN(2) == 0 {
		e.session = e.sessions[1]
	}
	e.remember()
}

func settingsText(more, buckets string) string {
	return "accounts: {\"111122223333\": {}, \"444455556666\": {}}\nbuckets:\n  - {name: \"*\", account: \"111122223333\"}\n" + buckets + more
}

// edit changes, adds or removes something, now and then in a way that is wrong.
func (e *editor) edit() {
	for range 1 + e.IntN(3)/2 {
		path, text := e.some()
		switch {
		case path == "":
		case e.IntN(4) == 0 && path != "bundle.yaml":
			e.last = "removal of " + path
			delete(e.texts, path)
		case e.IntN(6) == 0:
			e.rename(path)
		default:
			e.last = "edit of " + path + ": " + text
			e.texts[path] = text
		}
	}
}

// rename moves an entity, or a file.
func (e *editor) rename(path string) {
	stem, _, _ := strings.Cut(path, ".")
	to, _ := e.some()
	next, _, _ := strings.Cut(to, ".")
	if next == "" {
		return
	}
	e.last = "renaming of " + stem + " to " + next
	for _, from := range slices.Sorted(maps.Keys(e.texts)) {
		rest, ok := strings.CutPrefix(from, stem)
		if ok && (rest[0] == '.' || rest[0] == '/') {
			e.texts[next+rest] = e.texts[from]
			delete(e.texts, from)
		}
	}
}

func (e *editor) account() string {
	return e.pick("111122223333", "111122223333", "111122223333", "444455556666")
}

func (e *editor) pick(list ...string) string { return list[e.IntN(len(list))] }

func (e *editor) action() string {
	return e.pick("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:Get*", "sts:AssumeRole")
}

// some is a file, and a text for it; none if something else was edited.
func (e *editor) some() (path, text string) {
	account := "accounts/" + e.account() + "/"
	user := e.pick("u", "u", "u", "u", "u", "u", "u", "u", "U") + fmt.Sprint(e.IntN(userNames))
	group := fmt.Sprintf("g%d", e.IntN(groupNames))
	role := fmt.Sprintf("r%d", e.IntN(roleNames))
	managed := fmt.Sprintf("p%d", e.IntN(policyNames))
	inline := fmt.Sprintf("/i%d.json", e.IntN(2))
	store := fmt.Sprintf("b%d", e.IntN(3))
	switch e.IntN(22) {
	case 0, 1, 2:
		return account + "users/" + user + ".yaml", e.entity("AIDA", user) + e.groups()
	case 3, 4:
		return account + "users/" + user + inline, e.document("")
	case 5:
		return account + "groups/" + group + ".yaml", e.entity("AGPA", group)
	case 6:
		return account + "groups/" + group + inline, e.document("")
	case 7:
		return account + "roles/" + role + ".yaml", e.entity("AROA", role) + e.pick("", "max_session_duration: 7200\n")
	case 8, 9, 18, 19:
		return account + "roles/" + role + ".trust.json", e.trust()
	case 10:
		return account + "roles/" + role + inline, e.document("")
	case 11, 12:
		return e.pick(account, account, "accounts/aws/") + "policies/" + managed + ".json", e.document("")
	case 13:
		return account + "policies/" + managed + ".yaml", e.pick("path: /team/\n", "tags: {a: b}\n", "path: /\n")
	case 14:
		return account + "resources/s3/" + store + ".json", e.document(`"Principal": ` + e.pick(`"*"`, `{"AWS": "arn:aws:iam::111122223333:user/u1"}`) + ", ")
	case 15:
		return account + "resources/s3/" + store + ".yaml", e.pick("tags: {a: b}\n", "tags: {a: c, d: e}\n", "tags: {aws:a: b}\n")
	case 16:
		rest, text := e.provider()
		return account + "oidc-providers/" + e.pick("o0", "o1") + rest, text
	case 17:
		if len(e.metadata) > 0 {
			return account + "saml-providers/corp.xml", e.pick(e.metadata...)
		}
	case 20:
		return "bundle.yaml", e.settings()
	default:
		e.editKeys()
	}
	return "", ""
}

func (e *editor) entity(prefix, name string) string {
	text := fmt.Sprintf("id: %s%sEXAMPLE2222222\n", prefix, strings.ToUpper(name))
	if e.IntN(30) == 0 {
		text = fmt.Sprintf("id: %sSAMEEXAMPLE2222\n", prefix)
	}
	text += e.pick("", "", "", "path: /team/\n")
	if prefix != "AGPA" {
		text += e.pick("", "", "tags: {team: a}\n", "tags: {team: b, Cost: c}\n")
		text += e.pick("", "", "", "boundary: arn:aws:iam::aws:policy/p1\n", "boundary: arn:aws:iam::111122223333:policy/p0\n")
	}
	if n := e.IntN(4); n > 0 {
		text += "attached:\n"
		for _, i := range e.Perm(policyNames)[:n] {
			text += fmt.Sprintf("  - arn:aws:iam::%s:policy/%sp%d\n", e.pick("111122223333", "111122223333", "aws"), e.pick("", "", "", "team/"), i)
		}
	}
	return text
}

func (e *editor) groups() string {
	return e.pick("", "", "groups: [g0]\n", "groups: [g1, g0]\n", "groups: [g2]\n", "groups: [G0]\n", "groups: [missing]\n")
}

// document has few statements or many, and more in it than a segment copies.
func (e *editor) document(principal string) string {
	var list []string
	for range 1 + e.IntN(3)*e.IntN(6) {
		list = append(list, fmt.Sprintf(`{"Effect": %q, %s"Action": %q, "Resource": "arn:aws:s3:::%s/%s"%s}`,
			e.pick("Allow", "Allow", "Deny"), principal, e.pick("s3:GetObject", "s3:*", "s3:Put*", "sqs:SendMessage"), e.pick("b0", "b1", "b2", "b*"),
			e.pick("*", "1", "${aws:username}", "${aws:PrincipalTag/team}"),
			e.pick("", "", "", `, "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}`, `, "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}`,
				`, "Condition": {"StringNotEquals": {"aws:FederatedProvider": "x"}}`, `, "Condition": {"StringLike": {"idp0.example.com:sub": "a*"}}`)))
	}
	text := `{"Version": "2012-10-17", "Statement": [` + strings.Join(list, ",\n") + "]}"
	if e.IntN(40) == 0 {
		text = text[1:]
	}
	return text
}

func (e *editor) trust() string {
	principal := e.pick(`{"AWS": "arn:aws:iam::111122223333:user/u1"}`, `{"AWS": "*"}`, `{"Service": "rolesanywhere.amazonaws.com"}`,
		`{"Federated": "arn:aws:iam::111122223333:oidc-provider/idp0.example.com"}`, `{"Federated": "arn:aws:iam::111122223333:saml-provider/corp"}`,
		`{"Federated": "arn:aws:iam::444455556666:oidc-provider/idp1.example.com"}`, `{"Federated": "cognito-identity.amazonaws.com"}`)
	condition := e.pick("", `, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}`, `, "Condition": {"StringEquals": {"idp0.example.com:sub": "app"}}`, `, "Condition": {"StringEquals": {"saml:aud": "x"}}`,
		`, "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}`, `, "Condition": {"StringEquals": {"sts:RoleSessionName": "x"}}`)
	return trustText(principal, e.pick(`"sts:AssumeRole"`, `"sts:*"`, `["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]`), condition)
}

func trustText(principal, action, condition string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": ` + principal + `, "Action": ` + action + condition + `}]}`
}

// provider is the rest of the path of a provider's file, and its text.
func (e *editor) provider() (path, text string) {
	if e.IntN(4) == 0 {
		return ".jwks.json", e.pick(keySet, keySet+"\n", "{}")
	}
	return ".yaml", fmt.Sprintf("url: https://idp%d.example.com\naudiences: [app]\n", e.IntN(2)) +
		e.pick("", "shared: true\n", "bearer: {role_claim: role}\n", "bearer: {role: \"arn:aws:iam::111122223333:role/r0\"}\n")
}

func (e *editor) settings() string {
	if e.IntN(20) == 0 {
		return "accounts: {\"111122223333\": {}}\n"
	}
	return settingsText(
		e.pick("", "", "limits: aws\n", "sessions: {revoke_with_parent: true}\n", "assume: {aws:SourceVpce: absent}\n", "assume: {\"aws:SourceVpce\": absent, \"aws:SourceIp\": absent, \"a:b\": absent}\n",
			"certificates:\n  - {uri: \"spiffe://example.org/*\", role: \"arn:aws:iam::111122223333:role/r1\"}\n",
			"certificates:\n  - {dns: web.example.org, user: \"arn:aws:iam::111122223333:user/u2\"}\n"),
		e.pick("", "", "  - {name: b1, account: \"444455556666\"}\n", "  - {name: b2, account: \"444455556666\", route: other}\n"))
}

// editKeys changes a key file, or makes it unreadable.
func (e *editor) editKeys() {
	e.last = "edit of keys"
	e.keys[e.IntN(len(e.keys))] = e.keyText(e.IntN(3))
}

func (e *editor) keyText(n int) string {
	text := "keys: []\n"
	if n > 0 {
		text = "keys:\n"
	}
	for range n {
		text += fmt.Sprintf("  - {access_key_id: AKIAEXAMPLE%d, secret_access_key: %s%d, account: %q, user: u%d, status: %s}\n",
			e.IntN(20), secretKey[1:], e.IntN(10), e.account(), e.IntN(userNames), e.pick("Active", "Active", "Inactive"))
	}
	if e.IntN(4) == 0 {
		text += fmt.Sprintf("mfa_devices:\n  - {serial: \"arn:aws:iam::111122223333:mfa/d%d\", account: \"111122223333\", user: u%d, seed: GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ}\n", e.IntN(3), e.IntN(userNames))
	}
	return text
}
