package s3_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/wire"
)

// FuzzMap holds that the mapper never panics, never lets a request through
// without an access, names only actions it declares and keys it says it
// fills, keeps keys as they were sent, and answers the same twice.
func FuzzMap(f *testing.F) {
	for _, g := range readGolden(f) {
		f.Add(g.method, g.target, strings.Join(g.fields, "\n"), bodies[g.operation])
	}
	f.Add("PUT", "/reports/a%20b?x-amz-acl=private", "x-amz-tagging: a=1&b=%2B\n"+lockMode+"\n"+lockUntil, "")
	f.Add("PUT", "/reports/a//../b", "x-amz-copy-source: /archive/%2F%3F?versionId=v", "")
	f.Add("POST", "/reports?delete", "x-amz-bypass-governance-retention: true", deleteBoth)
	declared := map[string]bool{}
	for _, name := range s3.Actions() {
		declared[name] = true
	}
	f.Fuzz(func(t *testing.T, method, target, fields, body string) {
		req, refusal := parse(method, target)
		if refusal != nil {
			return
		}
		for line := range strings.SplitSeq(fields, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			req.Fields.Add(strings.ToLower(name), value)
		}
		op, mapped, refusal := mapWith(mapper, req, place(), body)
		if refusal != nil {
			if refusal.Code == "" || refusal.Message == "" || refusal.Status < 400 || refusal.Status > 599 {
				t.Fatalf("half a refusal: %+v", refusal)
			}
			return
		}
		if len(mapped.Accesses) == 0 {
			t.Fatalf("%s is mapped to nothing", op.Name)
		}
		if raw := strings.TrimPrefix(req.Path, "/"+op.Bucket+"/"); op.Key != "" {
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
		}
		op2, mapped2, refusal2 := mapWith(mapper, req, place(), body)
		if refusal2 != nil || op2.Name != op.Name || !cmp.Equal(printed(mapped.Accesses), printed(mapped2.Accesses)) {
			t.Fatalf("mapped otherwise: %v, %v", printed(mapped2.Accesses), refusal2)
		}
		strict := s3.New(s3.Options{StrictKeys: true, StrictCopyTags: true, StrictCopyAnnotations: true, Operations: all})
		if _, more, refusal := mapWith(strict, req, place(), body); refusal == nil && len(more.Accesses) < len(mapped.Accesses) {
			t.Fatalf("strict demands less: %v", printed(more.Accesses))
		}
	})
}

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
