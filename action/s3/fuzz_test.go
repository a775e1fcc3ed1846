package s3_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/upstream"
	"github.com/sallyport-iam/sallyport/wire"
)

// FuzzMap holds that the mapper never panics, never lets a request through
// without an access, names only actions it declares and keys it says it fills,
// keeps keys as they were sent, answers the same twice, and the same of what is
// sent on. A first field host names the bucket of a virtual host.
func FuzzMap(f *testing.F) {
	for _, g := range readGolden(f) {
		f.Add(g.method, g.target, strings.Join(g.fields, "\n"), bodies[g.operation])
	}
	f.Add("PUT", "/reports/a%20b?x-amz-acl=private", "x-amz-tagging: a=1&b=%2B\n"+lockMode+"\n"+lockUntil, "")
	f.Add("PUT", "/reports/a//../b", "x-amz-copy-source: /archive/%2F%3F?versionId=v", "")
	f.Add("GET", "//a/../b?versionId=v&X-Amz-Signature=s&x-amz-expected-bucket-owner=111122223333", "host: reports\nauthorization: x", "")
	f.Add("POST", "/reports?delete", "x-amz-bypass-governance-retention: true", deleteBoth)
	declared := map[string]bool{}
	for _, name := range s3.Actions() {
		declared[name] = true
	}
	names := append(slices.DeleteFunc(allKeys(), func(name string) bool { return strings.HasSuffix(name, "/") }), "s3:resourceaccount", "aws:resourceaccount")
	tagged := s3.New(s3.Options{Operations: all, ObjectTags: true})
	f.Fuzz(func(t *testing.T, method, target, fields, body string) {
		req, refusal := parse(method, target)
		if refusal != nil {
			return
		}
		for line := range strings.SplitSeq(fields, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			if name = strings.ToLower(name); name != "host" { // which a door keeps apart
				req.Fields.Add(name, value)
			}
		}
		place := place()
		if host, hosted := strings.CutPrefix(fields, "host: "); hosted {
			place.Bucket, _, _ = strings.Cut(host, "\n")
		}
		op, mapped, refusal := mapWith(mapper, req, place, body)
		if refusal != nil {
			if refusal.Code == "" || refusal.Message == "" || refusal.Status < 400 || refusal.Status > 599 {
				t.Fatalf("half a refusal: %+v", refusal)
			}
			return
		}
		if len(mapped.Accesses) == 0 {
			t.Fatalf("%s is mapped to nothing", op.Name)
		}
		if op.Key != "" {
			raw := req.Path[1:]
			if place.Bucket == "" {
				raw = strings.TrimPrefix(raw, op.Bucket+"/")
			}
			if key, ok := wire.Unescape(raw); !ok || key != op.Key || !utf8.ValidString(key) || len(key) > 1024 {
				t.Fatalf("path %q has the key %q", req.Path, op.Key)
			}
		}
		for i := range mapped.Accesses {
			a := &mapped.Accesses[i]
			if !declared[a.Action] || a.Resource == "" || a.Account == "" {
				t.Fatalf("access %+v", a)
			}
			if mapped.PerItem != nil && mapped.PerItem.Item(i) >= mapped.PerItem.Items() {
				t.Fatalf("access %d is of no item", i)
			}
			for _, name := range names {
				if _, set := a.Keys.Lookup(name); set && !mapper.Fills(a.Action, name) {
					t.Fatalf("%s has %s, which is not said to be filled", a.Action, name)
				}
			}
		}
		op2, mapped2, refusal2 := mapWith(mapper, req, place, body)
		if refusal2 != nil || op2.Name != op.Name || !cmp.Equal(printed(mapped.Accesses), printed(mapped2.Accesses)) {
			t.Fatalf("mapped otherwise: %v, %v", printed(mapped2.Accesses), refusal2)
		}
		if _, less, refusal := mapWith(tagged, req, place, body); refusal == nil && (len(less.Objects) != len(less.Accesses) || !cmp.Equal(printed(less.Accesses), printed(mapped.Accesses))) {
			t.Fatalf("with tags and without ACLs: %v of %v", printed(less.Accesses), less.Objects)
		}
		checkRewrites(t, req, op, mapped, place, body)
		for _, strict := range []*s3.Mapper{
			s3.New(s3.Options{StrictKeys: true, CopyTags: s3.CopyTagsChecked, StrictCopyAnnotations: true, Operations: all}),
			s3.New(s3.Options{ObjectTags: true, CopyTags: s3.CopyTagsExact, ForwardACLs: true, Operations: all}),
		} {
			if _, more, refusal := mapWith(strict, req, place, body); refusal == nil && len(more.Accesses)-more.IfTagged < len(mapped.Accesses) {
				t.Fatalf("strict demands less: %v", printed(more.Accesses))
			}
		}
	})
}

// checkRewrites holds that what goes on to a store, in either addressing, is
// mapped to the same as what came: the bucket moved, hoisted headers placed,
// checked ones removed, the authentication replaced.
func checkRewrites(t *testing.T, req *wire.Request, op action.Operation, mapped action.Mapped, at action.Place, body string) {
	t.Helper()
	for _, to := range []upstream.Addressing{upstream.Path, upstream.VirtualHosted} {
		sent := req.Clone()
		if refusal := upstream.MoveBucket(sent, op.Bucket, at.Bucket != "", to, "store"); refusal != nil {
			t.Fatalf("%s %s: the bucket does not move: %v", req.Method, req.Target(), refusal)
		}
		if refusal := upstream.PlaceHoisted(sent); refusal != nil {
			return // refused, after it was decided
		}
		upstream.RemoveChecked(sent)
		upstream.ReplaceAuthentication(sent, signer, sigv4.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: secret.New("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")},
			"s3", "us-east-1", nil, "UNSIGNED-PAYLOAD", now)
		after := at
		after.Bucket = ""
		if to == upstream.VirtualHosted {
			after.Bucket = op.Bucket
		}
		again, mappedAgain, refusal := mapWith(mapper, sent, after, body)
		if refusal != nil {
			t.Fatalf("%s %s became %s %s, which is refused: %v", req.Method, req.Target(), sent.Host, sent.Target(), refusal)
		}
		if again.Name != op.Name || again.Bucket != op.Bucket || again.Key != op.Key || again.Body != op.Body || again.Chunked != op.Chunked {
			t.Fatalf("%s %s became %s %s: %+v became %+v", req.Method, req.Target(), sent.Host, sent.Target(), op, again)
		}
		everything := cmp.Exporter(func(reflect.Type) bool { return true })
		if diff := cmp.Diff(mapped.Accesses, mappedAgain.Accesses, everything) + cmp.Diff(mapped.Disclosure, mappedAgain.Disclosure, everything); diff != "" {
			t.Fatalf("%s %s became %s %s (-was +is):\n%s", req.Method, req.Target(), sent.Host, sent.Target(), diff)
		}
	}
}

var signer = sigv4.NewSigner()

// FuzzDeleteObjects holds that the request that goes on is read back as
// exactly the entries kept, whatever they hold.
func FuzzDeleteObjects(f *testing.F) {
	f.Add(deleteBoth, uint64(1))
	f.Add("<Delete><Quiet>true</Quiet><Object><Key> &#9;&#10;&#13;&lt;]]&gt;é </Key><ETag>\"e\"</ETag></Object><Object><Key>b</Key></Object></Delete>", uint64(2))
	f.Add("<?xml version=\"1.0\"?><Delete><Object><Key>a</Key><Size>1</Size><LastModifiedTime>x</LastModifiedTime></Object></Delete>", uint64(1))
	f.Fuzz(func(t *testing.T, body string, keep uint64) {
		mapped, refusal := mapDelete(t, body+" ")
		if refusal != nil {
			return
		}
		kept := func(item int) bool { return keep>>(item%64)&1 == 1 }
		var want []string
		for i, a := range printed(mapped.Accesses) {
			if kept(mapped.PerItem.Item(i)) {
				want = append(want, a+" "+keyOf(&mapped.Accesses[i], "s3:versionid")+" "+keyOf(&mapped.Accesses[i], "s3:if-match"))
			}
		}
		refusals := make([]*wire.Refusal, mapped.PerItem.Items())
		for i := range refusals {
			if !kept(i) {
				refusals[i] = denied
			}
		}
		if out, err := mapped.PerItem.Response([]byte("<DeleteResult/>"), refusals); err != nil || !utf8.Valid(out) {
			t.Fatalf("the answer: %v, %q", err, out)
		}
		if len(want) == 0 {
			return
		}
		sent := mapped.PerItem.Request(kept)
		again, refusal := mapDelete(t, string(sent))
		if refusal != nil {
			t.Fatalf("%q is refused: %v (%s)", sent, refusal, refusal.Cause)
		}
		var got []string
		for i, a := range printed(again.Accesses) {
			got = append(got, a+" "+keyOf(&again.Accesses[i], "s3:versionid")+" "+keyOf(&again.Accesses[i], "s3:if-match"))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("kept (-want +got):\n%s", diff)
		}
		if repeated := again.PerItem.Request(func(int) bool { return true }); string(repeated) != string(sent) {
			t.Fatalf("written again: %q, %q", repeated, sent)
		}
	})
}

// FuzzAnswers holds that what is taken out of a store's answer is gone and
// nothing panics.
func FuzzAnswers(f *testing.F) {
	f.Add("<ListAllMyBucketsResult><Buckets><Bucket><Name>reports</Name></Bucket><Bucket><Name>archive</Name></Bucket></Buckets></ListAllMyBucketsResult>")
	f.Add("<CompleteMultipartUploadResult><Location>http://10.0.0.7/a</Location></CompleteMultipartUploadResult>")
	f.Add("<ListAllMyBucketsResult><Buckets><Bucket><Name>0000<")
	f.Add("<DeleteResult a=\"b\"><Deleted><Key>a</Key></Deleted></DeleteResult>")
	place := place()
	f.Fuzz(func(t *testing.T, answer string) {
		for _, target := range []string{"GET /", "POST /reports/k?uploadId=u"} {
			method, path, _ := strings.Cut(target, " ")
			_, mapped, refusal := mapWith(mapper, request(t, method, path), place, "")
			if refusal != nil {
				t.Fatal(refusal)
			}
			out, err := mapped.Response([]byte(answer))
			if err != nil {
				continue
			}
			again, err := mapped.Response(out)
			if err != nil || string(again) != string(out) {
				t.Fatalf("rewriting %q again: %v, %q", out, err, again)
			}
		}
	})
}

var _ action.Mapper = mapper
