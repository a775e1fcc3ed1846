package s3_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/wire"
)

var denied = &wire.Refusal{Status: 403, Code: "AccessDenied", Message: "Access <Denied>"}

func mapDelete(tb testing.TB, body string, fields ...string) (action.Mapped, *wire.Refusal) {
	tb.Helper()
	_, mapped, refusal := mapWith(mapper, request(tb, "POST", "/reports?delete", fields...), place(), body)
	return mapped, refusal
}

func TestDeleteObjects(t *testing.T) {
	t.Parallel()
	body := `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
		<Object><Key> a/&lt;b&gt; </Key></Object>
		<Object><VersionId>v1</VersionId><Key>b</Key></Object>
		<Object><Key>c</Key><ETag>"e"</ETag><Size>3</Size></Object>
		<Quiet>true</Quiet>
	</Delete>`
	mapped, refusal := mapDelete(t, body, "x-amz-bypass-governance-retention: true")
	if refusal != nil {
		t.Fatalf("%v (%s)", refusal, refusal.Cause)
	}
	want := []string{
		"s3:DeleteObject@reports/ a/<b> ", "s3:BypassGovernanceRetention@reports/ a/<b> ",
		"s3:DeleteObjectVersion@reports/b", "s3:BypassGovernanceRetention@reports/b",
		"s3:DeleteObject@reports/c", "s3:GetObject@reports/c", "s3:BypassGovernanceRetention@reports/c",
	}
	if diff := cmp.Diff(want, printed(mapped.Accesses)); diff != "" {
		t.Errorf("accesses: %s", diff)
	}
	var items []int
	for i := range mapped.Accesses {
		items = append(items, mapped.PerItem.Item(i))
	}
	if diff := cmp.Diff([]int{0, 0, 1, 1, 2, 2, 2}, items); diff != "" || mapped.PerItem.Items() != 3 {
		t.Errorf("items: %s", diff)
	}
	keys := []struct {
		access     int
		name, want string
	}{
		{0, "s3:versionid", "-"}, {2, "s3:versionid", "v1"}, {4, "s3:if-match", `"e"`}, {0, "s3:if-match", "-"}, {5, "s3:versionid", "-"},
		{0, "s3:resourceaccount", storage},
	}
	for _, k := range keys {
		if got := keyOf(&mapped.Accesses[k.access], k.name); got != k.want {
			t.Errorf("%s of access %d is %q, want %q", k.name, k.access, got, k.want)
		}
	}

	got := string(mapped.PerItem.Request(func(item int) bool { return item != 1 }))
	wantXML := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
		`<Object><Key> a/&lt;b&gt; </Key></Object><Object><Key>c</Key><ETag>&#34;e&#34;</ETag><Size>3</Size></Object><Quiet>true</Quiet></Delete>`
	if got != wantXML {
		t.Errorf("request\n%s\nwant\n%s", got, wantXML)
	}
	again, refusal := mapDelete(t, got)
	if refusal != nil {
		t.Fatal(refusal)
	}
	if diff := cmp.Diff([]string{want[0], want[4], want[5]}, printed(again.Accesses)); diff != "" {
		t.Errorf("mapped again: %s", diff)
	}
}

func TestDeleteObjectsRefusals(t *testing.T) {
	t.Parallel()
	object := func(s string) string { return "<Delete><Object>" + s + "</Object></Delete>" }
	many := strings.Repeat("<Object><Key>k</Key></Object>", 1000)
	tests := []struct{ body, code string }{
		{"<Delete/>", "MalformedXML"},
		{"<Delete></Delete>", "MalformedXML"},
		{"<Delete><Quiet>true</Quiet></Delete>", "MalformedXML"},
		{object(""), "MalformedXML"},
		{object("<Key></Key>"), "MalformedXML"},
		{object("<Key/>"), "MalformedXML"},
		{object("<Key>a</Key><Key>b</Key>"), "MalformedXML"},
		{object("<Key>a</Key><VersionId/>"), "MalformedXML"},
		{object("<Key>a</Key><VersionId>1</VersionId><VersionId>2</VersionId>"), "MalformedXML"},
		{object("<Key>a</Key><ETag></ETag>"), "MalformedXML"},
		{object("<key>a</key>"), "MalformedXML"},
		{object("<Key>a</Key>x"), "MalformedXML"},
		{object("<Key><![CDATA[a]]></Key>"), "MalformedXML"},
		{object("<Key>" + strings.Repeat("k", 1025) + "</Key>"), "KeyTooLongError"},
		{"<Delete><Object><Key>a</Key></Object><Quiet>1</Quiet></Delete>", "MalformedXML"},
		{"<Delete><Object><Key>a</Key></Object><Quiet>true</Quiet><Quiet>false</Quiet></Delete>", "MalformedXML"},
		{"<Delete><Object><Key>a</Key></Object><Other/></Delete>", "MalformedXML"},
		{"<Delete><Object><Key>a</Key></Object></Delete><Delete/>", "MalformedXML"},
		{"<delete><Object><Key>a</Key></Object></delete>", "MalformedXML"},
		{"<Delete>" + many + "<Object><Key>k</Key></Object></Delete>", "MalformedXML"},
		{"<Delete>" + many + "</Delete>", ""},
		{object("<Key>a/../b</Key>"), ""},
		{object("<Key>" + strings.Repeat("é", 512) + "</Key>"), ""},
	}
	for _, tt := range tests {
		_, refusal := mapDelete(t, tt.body)
		if tt.code == "" && refusal != nil || tt.code != "" && (refusal == nil || refusal.Code != tt.code) {
			t.Errorf("%.80s: %v, want %q", tt.body, refusal, tt.code)
		}
	}
}

// deleteResult is the answer as a client reads it.
type deleteResult struct {
	XMLName xml.Name `xml:"DeleteResult"`
	Deleted []struct{ Key string }
	Error   []struct {
		Key, Code, Message string
		Version            string `xml:"VersionId"`
	}
}

func TestDeleteObjectsResponse(t *testing.T) {
	t.Parallel()
	body := "<Delete><Object><Key>a</Key></Object><Object><Key>b &amp; &#13;c</Key><VersionId>v</VersionId></Object><Object><Key>d</Key></Object><Quiet>true</Quiet></Delete>"
	mapped, refusal := mapDelete(t, body)
	if refusal != nil {
		t.Fatal(refusal)
	}
	const ns = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
	tests := []struct {
		name, upstream string
		refused        []*wire.Refusal
		want           string // deleted;errors
	}{
		{"nothing kept", "", []*wire.Refusal{denied, denied, denied}, "|a,b & \rc,d"},
		{"verbose", "<?xml version=\"1.0\"?>\n<DeleteResult" + ns + "><Deleted><Key>a</Key></Deleted><Deleted><Key>d</Key></Deleted></DeleteResult>\n", []*wire.Refusal{nil, denied, nil}, "a,d|b & \rc"},
		{"with the store's error", "<DeleteResult><Error><Key>a</Key><Code>InternalError</Code><Message>x</Message></Error></DeleteResult>", []*wire.Refusal{nil, nil, denied}, "|a,d"},
		{"quiet", "<DeleteResult" + ns + "></DeleteResult>", []*wire.Refusal{nil, denied, nil}, "|b & \rc"},
		{"quiet and short", "<DeleteResult" + ns + " />", []*wire.Refusal{nil, denied, nil}, "|b & \rc"},
	}
	for _, tt := range tests {
		var upstream []byte
		if tt.upstream != "" {
			upstream = []byte(tt.upstream)
		}
		out, err := mapped.PerItem.Response(upstream, tt.refused)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		var result deleteResult
		if err := xml.Unmarshal(out, &result); err != nil {
			t.Errorf("%s: %v in %s", tt.name, err, out)
			continue
		}
		var deleted, errors []string
		for _, d := range result.Deleted {
			deleted = append(deleted, d.Key)
		}
		for _, e := range result.Error {
			errors = append(errors, e.Key)
			if e.Code == "AccessDenied" && e.Message != denied.Message {
				t.Errorf("%s: message %q", tt.name, e.Message)
			}
			if (e.Version == "v") != strings.HasPrefix(e.Key, "b") {
				t.Errorf("%s: version %q of %q", tt.name, e.Version, e.Key)
			}
		}
		if got := strings.Join(deleted, ",") + "|" + strings.Join(errors, ","); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, upstream := range []string{"not XML", "<Error/>", "<DeleteResult>", "<DeleteResult/><DeleteResult/>"} {
		if out, err := mapped.PerItem.Response([]byte(upstream), []*wire.Refusal{denied, nil, nil}); err == nil {
			t.Errorf("%s is merged to %s", upstream, out)
		}
	}
	if _, err := mapped.PerItem.Response(nil, []*wire.Refusal{denied}); err == nil {
		t.Error("refusals of other entries are merged")
	}
}

func BenchmarkDeleteObjects(b *testing.B) {
	var body strings.Builder
	body.WriteString("<Delete>")
	for i := range 1000 {
		fmt.Fprintf(&body, "<Object><Key>logs/2026/07/01/part-%05d.gz</Key></Object>", i)
	}
	body.WriteString("</Delete>")
	req := request(b, "POST", "/reports?delete")
	at := place()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, _, refusal := mapWith(mapper, req, at, body.String()); refusal != nil {
			b.Fatal(refusal)
		}
	}
}
