package s3_test

import (
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/action/s3"
	"github.com/sallyport-iam/sallyport/wire"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("k", 1024)
	tests := []struct{ path, want string }{ // want: the key, or a code
		{"/reports/a%20b", "a b"},
		{"/reports/a+b", "a+b"},
		{"/reports/a%2Bb", "a+b"},
		{"/reports/a%2bb", "a+b"},
		{"/reports/a//b", "a//b"},
		{"/reports//x", "/x"},
		{"/reports/x/", "x/"},
		{"/reports/a/../b", "a/../b"},
		{"/reports/..", ".."},
		{"/reports/./a", "./a"},
		{"/reports/%2e%2e/b", "../b"},
		{"/reports/a%2Fb", "a/b"},
		{"/reports/%C3%A9", "é"},
		{"/reports/e%CC%81", "e\u0301"}, // no normalisation
		{"/reports/%25%32%46", "%2F"},   // decoded once
		{"/reports/*", "*"},
		{"/reports/a?x-custom=1", "a"},
		{"/reports/" + long, long},
		{"/reports/%00", "!InvalidURI"},
		{"/reports/a%00b", "!InvalidURI"},
		{"/reports/%FF", "!InvalidURI"},
		{"/reports/%C3", "!InvalidURI"},
		{"/reports/%ED%A0%80", "!InvalidURI"}, // a surrogate
		{"/reports/%C0%AE", "!InvalidURI"},    // an overlong dot
		{"/reports/%zz", "!InvalidURI"},
		{"/reports/" + long + "k", "!KeyTooLongError"},
		{"/reports/" + strings.Repeat("%C3%A9", 512), strings.Repeat("é", 512)},
		{"/reports/" + strings.Repeat("%C3%A9", 512) + "k", "!KeyTooLongError"},
	}
	for _, tt := range tests {
		if code, ok := strings.CutPrefix(tt.want, "!"); ok {
			if got := refused(t, "GET", tt.path); got != code {
				t.Errorf("%.60s: %s, want %s", tt.path, got, code)
			}
			continue
		}
		want := "s3:GetObject@reports/" + tt.want
		if got := accesses(t, "GET", tt.path); got[0] != want {
			t.Errorf("%.60s: %s, want %s", tt.path, got[0], want)
		}
	}
}

func TestBuckets(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, code string }{ // code "": a bucket operation
		{"/reports", ""},
		{"/reports/", ""},
		{"/reports.2026-q1", ""},
		{"/reports%2Fk", "InvalidBucketName"},
		{"/%72eports/k", "InvalidBucketName"},
		{"/Reports", "InvalidBucketName"},
		{"/re", "InvalidBucketName"},
		{"//k", "InvalidBucketName"},
		{"/reports..a", "InvalidBucketName"},
		{"/-reports", "InvalidBucketName"},
		{"/reports-", "InvalidBucketName"},
		{"/reports_1", "InvalidBucketName"},
		{"/192.168.5.4", "InvalidBucketName"},
		{"/..", "InvalidBucketName"},
		{"/" + strings.Repeat("r", 64), "InvalidBucketName"},
		{"/arn:aws:s3:us-east-1:111122223333:accesspoint/prod/k", "InvalidBucketName"},
		{"/arn%3Aaws%3As3:::reports/k", "InvalidBucketName"},
		{"/reports-1a2b-s3alias/k", "NotImplemented"},
		{"/reports--usw2-az1--x-s3/k", "NotImplemented"},
		{"/xn--reports", "InvalidBucketName"},
		{"/sthree-reports/k", "InvalidBucketName"},
		{"/amzn-s3-demo-bucket", "InvalidBucketName"},
		{"/arn:aws:s3-outposts:us-east-1:111122223333:outpost%2Fop-01%2Fbucket%2Freports/k", "InvalidBucketName"},
		{"/minio/admin/v3/info", "InvalidBucketName"},
		{"/rustfs/admin/v3/info", "InvalidBucketName"},
		{"/admin/user", "InvalidBucketName"},
		{"/swift/v1", "InvalidBucketName"},
		{"/nobody", "AccessDenied"}, // no owner
		{"/nobody/k", "AccessDenied"},
	}
	for _, tt := range tests {
		if tt.code != "" {
			if got := refused(t, "GET", tt.path); got != tt.code {
				t.Errorf("%s: %s, want %s", tt.path, got, tt.code)
			}
			continue
		}
		want := "s3:ListBucket@" + strings.Trim(tt.path, "/")
		if got := accesses(t, "GET", tt.path); got[0] != want {
			t.Errorf("%s: %s, want %s", tt.path, got[0], want)
		}
	}
}

func TestVirtualHost(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, want string }{
		{"/", "s3:ListBucket@reports"},
		{"/k", "s3:GetObject@reports/k"},
		{"//k", "s3:GetObject@reports//k"},
		{"/archive/k", "s3:GetObject@reports/archive/k"},
	}
	at := place()
	at.Bucket = "reports"
	for _, tt := range tests {
		op, mapped, refusal := mapWith(mapper, request(t, "GET", tt.path), at, "")
		if refusal != nil {
			t.Fatalf("%s: %v", tt.path, refusal)
		}
		if got := printed(mapped.Accesses)[0]; got != tt.want || op.Bucket != "reports" {
			t.Errorf("%s: %s in %s, want %s", tt.path, got, op.Bucket, tt.want)
		}
	}
	at.Bucket = "Bad_Bucket"
	if _, _, refusal := mapWith(mapper, request(t, "GET", "/k"), at, ""); refusal == nil || refusal.Code != "InvalidBucketName" {
		t.Errorf("invalid bucket in the host: %v", refusal)
	}
}

// Hosts of other interfaces of Amazon S3 were taken for those of buckets.
func TestHostsOfOtherInterfaces(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ bucket, code string }{
		{"reports", ""}, {"reports.2026", ""}, {"reports.eu-west-1", ""}, {"s3-accesspoint", "AccessDenied"}, // a bucket without owner
		{"prod-111122223333.s3-accesspoint.us-east-1", "NotImplemented"}, {"prod-111122223333.s3-accesspoint-fips.dualstack.us-east-1", "NotImplemented"},
		{"mfzwi23gnjvgw.mrap.accesspoint.s3-global", "NotImplemented"}, {"mfzwi23gnjvgw.mrap", "NotImplemented"},
		{"lambda-111122223333.s3-object-lambda.us-east-1", "NotImplemented"}, {"prod-111122223333.op-01.s3-outposts.us-east-1", "NotImplemented"},
		{"111122223333.s3-control.us-east-1", "NotImplemented"}, {"reports.s3-website-us-east-1", "NotImplemented"}, {"reports.s3-website.us-east-1", "NotImplemented"},
		{"reports.s3-accelerate.dualstack", "NotImplemented"}, {"reports--use1-az4--x-s3.s3express-use1-az4.us-east-1", "NotImplemented"},
		{"reports--use1-az4--x-s3", "NotImplemented"}, {"prod-1a2b3c-s3alias", "NotImplemented"}, {"lambda-1a2b3c--ol-s3", "NotImplemented"},
	} {
		at := place()
		at.Bucket = tt.bucket
		_, _, refusal := mapWith(mapper, request(t, "GET", "/k"), at, "")
		if tt.code == "" && refusal != nil || tt.code != "" && (refusal == nil || refusal.Code != tt.code) {
			t.Errorf("%s: %v, want %s", tt.bucket, refusal, tt.code)
		}
	}
}

func TestStrictKeys(t *testing.T) {
	t.Parallel()
	strict := s3.New(s3.Options{StrictKeys: true})
	tests := []struct {
		key string
		ok  bool
	}{
		{"a", true}, {"a/b.txt", true}, {"dir/", true}, {"a/dir/", true}, {".hidden", true}, {"a%20b", true}, {"%C3%A9", true}, {"a/...b", true},
		{"/x", false}, {"a//b", false}, {"a//", false}, {"//", false}, {".", false}, {"..", false}, {"a/../b", false}, {"./a", false}, {"a/.", false},
		{"%2e%2e/b", false}, {"a./b", false}, {"a...", false}, {"a%20/b", false}, {"a%5Cb", false}, {"a%0Ab", false}, {"a%7Fb", false}, {"../", false},
	}
	for _, tt := range tests {
		if _, _, refusal := mapWith(strict, request(t, "GET", "/reports/"+tt.key), place(), ""); (refusal == nil) != tt.ok {
			t.Errorf("key %s: refusal %v", tt.key, refusal)
		}
		if _, _, refusal := mapWith(strict, request(t, "PUT", "/reports/k", "x-amz-copy-source: archive/"+tt.key), place(), ""); (refusal == nil) != tt.ok {
			t.Errorf("copy source %s: refusal %v", tt.key, refusal)
		}
	}
	body := "<Delete><Object><Key>a</Key></Object><Object><Key>a/../b</Key></Object></Delete>"
	if _, _, refusal := mapWith(strict, request(t, "POST", "/reports?delete"), place(), body); refusal == nil {
		t.Error("DeleteObjects takes an inexact key")
	}
}

// A store on a file system finds the attributes of plan under plan/: a Deny on
// the one did not hold for the other.
func TestFinalSlashBeforeSubResource(t *testing.T) {
	t.Parallel()
	strict := s3.New(s3.Options{StrictKeys: true})
	for _, target := range []string{"plan/?tagging", "plan/?legal-hold", "plan/?retention", "plan/?acl", "plan/?tagging&versionId=1", "dir/plan%2F?tagging"} {
		req := request(t, "GET", "/reports/"+target)
		if _, _, refusal := mapWith(strict, req, place(), ""); refusal == nil || refusal.Code != "InvalidArgument" {
			t.Errorf("%s: %v", target, refusal)
		}
		if _, _, refusal := mapWith(mapper, req, place(), ""); refusal != nil {
			t.Errorf("%s, where keys are exact: %v", target, refusal)
		}
	}
}

// A public object could be shown to others as another type, by a link without a
// signature.
func TestAnonymousRequestsOverrideNothing(t *testing.T) {
	t.Parallel()
	anonymous := place()
	anonymous.Caller = ""
	for _, name := range []string{"cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"} {
		for _, method := range []string{"GET", "HEAD"} {
			req := request(t, method, "/reports/k?response-"+name+"=x")
			if _, _, refusal := mapWith(mapper, req, anonymous, ""); refusal == nil || refusal.Status != 400 || refusal.Code != "InvalidRequest" {
				t.Errorf("%s response-%s: %v", method, name, refusal)
			}
			if _, _, refusal := mapWith(mapper, req, place(), ""); refusal != nil {
				t.Errorf("%s response-%s, signed: %v", method, name, refusal)
			}
		}
	}
	if _, _, refusal := mapWith(mapper, request(t, "GET", "/reports/k"), anonymous, ""); refusal != nil {
		t.Error(refusal)
	}
}

// A store's parts of uploads were ordinary keys: who could not read an object
// could read, list and replace the parts it was to be made of.
func TestPrivateFoldersAreNoKeys(t *testing.T) {
	t.Parallel()
	strict := s3.New(s3.Options{StrictKeys: true})
	tests := []struct {
		key string
		ok  bool
	}{
		{".sgwtmp/multipart/ab/cd/1", false}, {".sgwtmp", false}, {".sgwtmp/", false}, {".SGWTMP/x", false}, {"%2Esgwtmp/x", false}, {".sgwtmp%2Fx", false},
		{".minio.sys/x", false}, {".rustfs.sys/x", false}, {".uploads/x", false},
		{"a/.sgwtmp/x", true}, {".sgwtmp2/x", true}, {"sgwtmp/x", true},
	}
	body := func(key string) string {
		return "<Delete><Object><Key>a</Key></Object><Object><Key>" + strings.NewReplacer("%2E", ".", "%2F", "/").Replace(key) + "</Key></Object></Delete>"
	}
	for _, tt := range tests {
		for _, request := range []*wire.Request{
			request(t, "GET", "/reports/"+tt.key),
			request(t, "PUT", "/reports/"+tt.key),
			request(t, "DELETE", "/reports/"+tt.key),
			request(t, "PUT", "/reports/k", "x-amz-copy-source: archive/"+tt.key),
			request(t, "POST", "/reports?delete"),
			request(t, "GET", "/reports?prefix="+tt.key),
			request(t, "GET", "/reports?list-type=2&prefix="+tt.key),
			request(t, "GET", "/reports?versions&prefix="+tt.key),
			request(t, "GET", "/reports?uploads&prefix="+tt.key),
		} {
			_, _, refusal := mapWith(strict, request, place(), body(tt.key))
			if tt.ok != (refusal == nil) || refusal != nil && refusal.Code != "InvalidArgument" {
				t.Errorf("%s %s: %v", request.Method, request.Target(), refusal)
			}
			if _, _, refusal := mapWith(mapper, request, place(), body(tt.key)); refusal != nil {
				t.Errorf("exact keys: %s %s: %v", request.Method, request.Target(), refusal)
			}
		}
	}
	own := s3.New(s3.Options{StrictKeys: true, PrivateFolders: []string{".mine"}})
	for target, ok := range map[string]bool{"/reports/.mine/x": false, "/reports/.sgwtmp/x": true} {
		if _, _, refusal := mapWith(own, request(t, "GET", target), place(), ""); ok != (refusal == nil) {
			t.Errorf("%s: %v", target, refusal)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	m := s3.New(s3.Options{MaxObjectBytes: 1000, ReservedBuckets: []string{"reports"}, Ignored: []string{"trace", "x-amz-new"}})
	op, refusal := m.Recognise(request(t, "PUT", "/admin/k?trace=1", "x-amz-new: 1"), place())
	if refusal != nil || op.BodyLimit != 1000 || !op.Chunked {
		t.Errorf("%+v, %v", op, refusal)
	}
	if _, refusal := m.Recognise(request(t, "PUT", "/reports/k"), place()); refusal == nil {
		t.Error("a reserved bucket passes")
	}
	if op, _ := mapper.Recognise(request(t, "PUT", "/reports/k"), place()); op.BodyLimit != 5<<30 {
		t.Errorf("limit %d, want 5 GiB", op.BodyLimit)
	}
}

func TestOwnership(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, method, target string
		fields               []string
		account, caller      string
		code                 string
	}{
		{name: "own", method: "GET", target: "/reports/k", caller: storage},
		{name: "foreign bucket is decided, not refused", method: "GET", target: "/archive/k", caller: storage},
		{name: "no owner", method: "GET", target: "/nobody/k", caller: storage, code: "AccessDenied"},
		{name: "guard holds", method: "GET", target: "/reports/k", caller: storage, account: storage},
		{name: "guard refuses", method: "GET", target: "/archive/k", caller: storage, account: storage, code: "AccessDenied"},
		{name: "guard refuses a source", method: "PUT", target: "/reports/k", fields: []string{"x-amz-copy-source: archive/k"}, caller: storage, account: storage, code: "AccessDenied"},
		{name: "source without owner", method: "PUT", target: "/reports/k", fields: []string{"x-amz-copy-source: nobody/k"}, caller: storage, code: "AccessDenied"},
		{name: "expected", method: "GET", target: "/reports/k", fields: []string{"x-amz-expected-bucket-owner: " + storage}, caller: storage},
		{name: "not expected", method: "GET", target: "/reports/k", fields: []string{"x-amz-expected-bucket-owner: " + history}, caller: storage, code: "AccessDenied"},
		{name: "not expected, in the query", method: "GET", target: "/reports/k?x-amz-expected-bucket-owner=" + history, caller: storage, code: "AccessDenied"},
		{name: "no account", method: "GET", target: "/reports/k", fields: []string{"x-amz-expected-bucket-owner: alice"}, caller: storage, code: "InvalidBucketOwnerAWSAccountID"},
		{name: "expected source", method: "PUT", target: "/reports/k", fields: []string{"x-amz-copy-source: archive/k", "x-amz-source-expected-bucket-owner: " + history}, caller: storage},
		{name: "source not expected", method: "PUT", target: "/reports/k", fields: []string{"x-amz-copy-source: archive/k", "x-amz-source-expected-bucket-owner: " + storage}, caller: storage, code: "AccessDenied"},
		{name: "create own", method: "PUT", target: "/reports-new", caller: storage},
		{name: "create another's", method: "PUT", target: "/reports-new", caller: history, code: "AccessDenied"},
		{name: "create as nobody", method: "PUT", target: "/reports-new", code: "AccessDenied"},
		{name: "create unowned", method: "PUT", target: "/nobody", caller: storage, code: "AccessDenied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			at := place()
			at.Account, at.Caller = tt.account, tt.caller
			_, _, refusal := mapWith(mapper, request(t, tt.method, tt.target, tt.fields...), at, "")
			switch {
			case refusal == nil && tt.code != "":
				t.Errorf("mapped, want %s", tt.code)
			case refusal != nil && refusal.Code != tt.code:
				t.Errorf("refused with %v", refusal)
			case refusal != nil && refusal.Code == "AccessDenied" && refusal.Cause == "":
				t.Error("the refusal has no cause for the log")
			}
		})
	}
	// A bucket that only another route has is behind another upstream.
	at := place()
	at.Owner = func(route, bucket string) (string, bool) { return storage, bucket == "reports" || route == "elsewhere" }
	for _, fields := range [][]string{{"x-amz-copy-source: archive/k"}, {"x-amz-copy-source: archive/k?versionId=v"}} {
		if _, _, refusal := mapWith(mapper, request(t, "PUT", "/reports/k", fields...), at, ""); refusal == nil || refusal.Code != "AccessDenied" {
			t.Errorf("%v of another route: %v", fields, refusal)
		}
	}
	at.Owner = nil
	if _, _, refusal := mapWith(mapper, request(t, "GET", "/reports/k"), at, ""); refusal == nil || refusal.Code != "AccessDenied" {
		t.Errorf("without owners: %v", refusal)
	}
}
