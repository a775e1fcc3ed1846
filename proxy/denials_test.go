package proxy_test

import (
	"context"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/wire"
)

// denial is a request that is denied, in whole or in part, and what exactly is said.
// %s stands for what no other request has.
type denial struct {
	user, method, target, body, source string
	// said are the messages of the answer, in order.
	said []string
	// passes tells that only items are denied.
	passes bool
}

// notAllowed is what is said of a user who lacks what it asks for, or is denied it.
func notAllowed(user, action, resource string, explicit bool) string {
	account := "111122223333"
	if user == "carol" {
		account = "444455556666"
	}
	said := "User: arn:aws:iam::" + account + ":user/" + user + " is not authorized to perform: " + action + ` on resource: "arn:aws:s3:::` + resource + `"`
	switch {
	case user == "carol":
		return said
	case explicit:
		return said + " with an explicit deny in an identity-based policy"
	default:
		return said + " because no identity-based policy allows the " + action + " action"
	}
}

func denials() []denial {
	long := strings.Repeat("long/", 180) // more than there is usually room for
	const three = "<Delete><Object><Key>secret/a%s</Key></Object><Object><Key>open/%s</Key></Object><Object><Key>secret/b%s</Key></Object></Delete>"
	return []denial{
		{user: "bob", method: "GET", target: "/reports/%s", said: []string{notAllowed("bob", "s3:GetObject", "reports/%s", false)}},
		{user: "bob", method: "GET", target: "/reports/" + long + "%s", said: []string{notAllowed("bob", "s3:GetObject", "reports/"+long+"%s", false)}},
		{user: "alice", method: "GET", target: "/reports/secret/%s", said: []string{notAllowed("alice", "s3:GetObject", "reports/secret/%s", true)}},
		{user: "carol", method: "GET", target: "/reports/%s", said: []string{notAllowed("carol", "s3:GetObject", "reports/%s", false)}},
		{user: "dave", method: "DELETE", target: "/reports/%s", said: []string{notAllowed("dave", "s3:DeleteObject", "reports/%s", true)}},
		{method: "GET", target: "/reports/%s", said: []string{"Access Denied"}},
		{user: "alice", method: "POST", target: "/reports?delete", body: three, passes: true, said: []string{
			notAllowed("alice", "s3:DeleteObject", "reports/secret/a%s", true), notAllowed("alice", "s3:DeleteObject", "reports/secret/b%s", true),
		}},
		{user: "bob", method: "POST", target: "/reports?delete", body: three, passes: true, said: []string{
			notAllowed("bob", "s3:DeleteObject", "reports/secret/a%s", false), notAllowed("bob", "s3:DeleteObject", "reports/open/%s", false),
			notAllowed("bob", "s3:DeleteObject", "reports/secret/b%s", false),
		}},
		{method: "POST", target: "/reports?delete", body: three, passes: true, said: []string{"Access Denied", "Access Denied", "Access Denied"}},
		// Held until all else is decided, and told where nothing else is denied.
		{user: "hal", method: "PUT", target: "/reports/out/%s", source: "secret.csv", said: []string{notAllowed("hal", "s3:PutObject", "reports/out/%s", true)}},
		{user: "hal", method: "PUT", target: "/reports/out/%s", source: "unread/secret.csv", said: []string{notAllowed("hal", "s3:GetObject", "reports/unread/secret.csv", true)}},
		{user: "hal", method: "PUT", target: "/reports/out/%s", source: "untold/secret.csv", said: []string{notAllowed("hal", "s3:GetObjectTagging", "reports/untold/secret.csv", true)}},
		{user: "gina", method: "PUT", target: "/reports/out/%s", source: "closed.csv", said: []string{notAllowed("gina", "s3:PutObjectTagging", "reports/out/%s", false)}},
	}
}

// TestDenialsDoNotMix has many identities denied at once, each in the memory of
// others, while what nobody needs is collected: what each is told, and what is
// recorded of it, is the sentence about its own request, to the letter.
func TestDenialsDoNotMix(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.route.Mapper = s3.New(s3.Options{ObjectTags: true, CopyTags: s3.CopyTagsExact})
	b.answer = func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<DeleteResult></DeleteResult>")
	}
	b.tagged(map[string]string{
		"/reports/secret.csv": "secret", "/reports/closed.csv": "closed", "/reports/unread/secret.csv": "secret", "/reports/untold/secret.csv": "secret",
	})
	const workers, rounds = 8, 15
	type asked struct {
		id   string
		req  *wire.Request
		said []string
		denial
	}
	all := map[string]*asked{}
	var working sync.WaitGroup
	for w := range workers {
		var mine []*asked
		for round := range rounds {
			kinds := denials()
			for i := range kinds {
				d := &kinds[(i*5+w)%len(kinds)]
				own := fmt.Sprintf("own-%d-%d-%d", w, round, i)
				fill := func(s string) string { return strings.ReplaceAll(s, "%s", own) }
				var fields []wire.Field
				if d.source != "" {
					fields = append(fields, wire.Field{Name: "x-amz-copy-source", Value: "/reports/" + d.source})
				}
				if d.body != "" && d.user == "" {
					sum := md5.Sum([]byte(fill(d.body)))
					fields = append(fields, wire.Field{Name: "content-md5", Value: base64.StdEncoding.EncodeToString(sum[:])})
				}
				a := &asked{id: own, req: request(t, d.user, d.method, "localhost", fill(d.target), fill(d.body), fields...), denial: *d}
				for _, said := range d.said {
					a.said = append(a.said, fill(said))
				}
				mine, all[own] = append(mine, a), a
			}
		}
		working.Go(func() {
			for i, a := range mine {
				resp := b.enforcer.Serve(context.Background(), b.door, a.req, a.id)
				if i%16 == 0 {
					runtime.GC()
				}
				text, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if got := messages(text); !slices.Equal(got, a.said) {
					t.Errorf("%s of %s: %d, told is %q, want %q", a.id, a.user, resp.Status, got, a.said)
				}
			}
		})
	}
	working.Wait()
	for line := range strings.Lines(b.recorded()) {
		var got told
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatal(err, line)
		}
		a := all[got.RequestID]
		if a == nil {
			t.Errorf("a record of nobody, or a second one: %s", line)
			continue
		}
		delete(all, got.RequestID)
		want := a.said[0]
		if a.passes {
			want = ""
		}
		if got.Message != want {
			t.Errorf("%s of %s: recorded is %q, want %q", a.id, a.user, got.Message, want)
		}
	}
	if len(all) > 0 {
		t.Errorf("%d are not recorded", len(all))
	}
}

// messages are those of an answer, in order.
func messages(text []byte) (all []string) {
	d := xml.NewDecoder(strings.NewReader(string(text)))
	for {
		token, err := d.Token()
		if err != nil {
			return all
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "Message" {
			var message string
			if err := d.DecodeElement(&message, &start); err != nil {
				return append(all, err.Error())
			}
			all = append(all, message)
		}
	}
}
