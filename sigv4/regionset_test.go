package sigv4_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// TestRegionSets are values that were sent to Amazon S3 in us-east-1, and a few
// about endpoints of several regions.
func TestRegionSets(t *testing.T) {
	t.Parallel()
	home := []string{"us-east-1"}
	tests := []struct {
		set     string
		regions []string
		want    string // the region; "" for a mismatch
	}{
		{"us-east-1", home, "us-east-1"},
		{"*", home, "us-east-1"},
		{"us-*", home, "us-east-1"},
		{"*-1", home, "us-east-1"},
		{"u*1", home, "us-east-1"},
		{"**", home, "us-east-1"},
		{"US-*", home, "us-east-1"},
		{"US-EAST-1", home, "us-east-1"},
		{"us-east-1*", home, "us-east-1"},
		{"*us-east-1", home, "us-east-1"},
		{"*s*s*1*", home, "us-east-1"},
		{",us-east-1", home, "us-east-1"},
		{"us-east-1,", home, "us-east-1"},
		{"us-west-2,,us-east-1", home, "us-east-1"},
		{"us-west-2,us-east-1", home, "us-east-1"},
		{"us-east-?", home, ""},
		{"us-east-10", home, ""},
		{"us-east-", home, ""},
		{"s-east-1", home, ""},
		{"*s*s*s*", home, ""},
		{"us-west-*", home, ""},
		{"aws-global", home, ""},
		{",", home, ""},
		{"us-west-2, us-east-1", home, ""},
		{"us-east-1;us-west-2", home, ""},
		{"us-east-1 us-west-2", home, ""},
		{"us-east-1\x00", home, ""},
		{"eu-west-1", []string{"us-east-1", "eu-west-1"}, "eu-west-1"},
		{"eu-west-1,us-east-1", []string{"us-east-1", "eu-west-1"}, "us-east-1"},
		{"*", []string{"", "eu-west-1"}, "eu-west-1"},
		{"*", []string{""}, ""},
		{"*", nil, ""},
		{"eu-west-1", []string{"EU-West-1"}, "EU-West-1"},
	}
	for _, tt := range tests {
		p := s3Params(exampleNow)
		p.Regions = tt.regions
		req := newRequest(t, "GET", exampleHost, "/object", "", "x-amz-content-sha256", emptyHash, "x-amz-date", exampleTime, "x-amz-region-set", tt.set)
		c := exampleChainV4A()
		sign := func(signature string) (*sigv4.Verified, *wire.Refusal) {
			req.Fields.Set("authorization", c.authorization(listV4A, signature))
			return sigv4.NewVerifier(sigv4.Options{}).Verify(req, p)
		}
		_, refusal := sign("00")
		if tt.want == "" {
			expectRefusal(t, refusal, 400, "RegionSetMismatch", "", "RegionSet="+tt.set)
			continue
		}
		v, refusal := sign(c.sign(detail(refusal, "StringToSign")))
		if refusal != nil || v.Region != tt.want {
			t.Errorf("%q at %q: %+v, %v", tt.set, tt.regions, v, refusal)
		}
	}
}

// FuzzRegionSet: a set names what a regular expression finds in it.
func FuzzRegionSet(f *testing.F) {
	for _, seed := range []string{"us-east-1", "*", "us-*,eu-west-?", ",,U*1", "**a**b*", "us-east-1 ", "\x00*", "é*", "*-*-*-*"} {
		f.Add(seed, "us-east-1")
		f.Add(seed, "")
		f.Add(seed, "US-West-2")
	}
	verifier := sigv4.NewVerifier(sigv4.Options{})
	f.Fuzz(func(t *testing.T, set, region string) {
		if len(region) > 64 || len(set) > 4096 || !utf8.ValidString(set) || !utf8.ValidString(region) {
			return // the expression reads runes
		}
		want := false
		for _, entry := range strings.Split(set, ",") {
			pattern := "(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(lowerASCII(entry)), `\*`, ".*") + "$"
			re, err := regexp.Compile(pattern)
			if err != nil {
				t.Fatal(err)
			}
			want = want || region != "" && entry != "" && re.MatchString(lowerASCII(region))
		}
		req := newRequest(t, "GET", exampleHost, "/", "", "x-amz-content-sha256", emptyHash, "x-amz-date", exampleTime,
			"x-amz-region-set", set, "authorization", exampleChainV4A().authorization(listV4A, "00"))
		p := s3Params(exampleNow)
		p.Regions = []string{region}
		code := "RegionSetMismatch"
		switch {
		case len(set) > 2048:
			code = "InvalidRequest"
		case want:
			code = "SignatureDoesNotMatch"
		}
		if _, refusal := verifier.Verify(req, p); refusal == nil || refusal.Code != code {
			t.Errorf("%q in %q: %v, want %s", region, set, refusal, code)
		}
	})
}

func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
