package sigv4_test

import (
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	mathbig "math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// The key of AWS's published signing test suite, and its private scalar.
const (
	suiteID     = "AKIDEXAMPLE"
	suiteSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
	suiteScalar = "7efc8c0e65a324242818c5a50c891c6060b6a00717b7ba3cbe3c5d765be9259c"
)

var suiteNow = time.Date(2015, time.August, 30, 12, 36, 0, 0, time.UTC)

func suiteParams() sigv4.Params {
	return sigv4.Params{
		Now: suiteNow, Service: "service", Regions: []string{"us-east-1"},
		Keys: keys{suiteID: suiteSecret},
	}
}

// TestKeyDerivationV4A: the verifier's key is that of the published scalar, and
// so is the tests'.
func TestKeyDerivationV4A(t *testing.T) {
	t.Parallel()
	d, _ := new(mathbig.Int).SetString(suiteScalar, 16)
	published := privateKey(d)
	if !privateKeyV4A(suiteID, suiteSecret).Equal(published) {
		t.Error("the tests derive another key")
	}
	point, err := published.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if x, y := hex.EncodeToString(point[1:33]), hex.EncodeToString(point[33:]); !strings.HasPrefix(x, "b6618f6a") || !strings.HasSuffix(x, "36b1") ||
		!strings.HasPrefix(y, "865ed22a") || !strings.HasSuffix(y, "e518") {
		t.Errorf("the public point is %s, %s", x, y)
	}
	req := newRequest(t, "GET", "example.amazonaws.com", "/", "", "x-amz-date", "20150830T123600Z", "x-amz-region-set", "us-east-1")
	auth := func(signature string) {
		req.Fields.Set("authorization", algorithmV4A+" Credential="+suiteID+"/20150830/service/aws4_request, SignedHeaders=host;x-amz-date;x-amz-region-set, Signature="+signature)
	}
	auth("00")
	verifier := sigv4.NewVerifier(sigv4.Options{})
	_, refusal := verifier.Verify(req, suiteParams())
	// The published hash of the canonical request of "get-vanilla".
	want := algorithmV4A + "\n20150830T123600Z\n20150830/service/aws4_request\ncf59db423e841c8b7e3444158185aa261b724a5c27cbe762676f3eed19f4dc02"
	toSign := detail(refusal, "StringToSign")
	if toSign != want {
		t.Errorf("string to sign %q, want %q", toSign, want)
	}
	auth(hex.EncodeToString(derOf(published, toSign)))
	if _, refusal := verifier.Verify(req, suiteParams()); refusal != nil {
		t.Error(refusal)
	}
	p := suiteParams()
	p.Keys = keys{suiteID: suiteSecret + "x"}
	if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, p); refusal == nil {
		t.Error("accepted with another secret")
	}
}

// TestPublishedVectorsV4A are signed requests of AWS's test suite
// (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4a): made by another
// implementation, and not to be made again.
func TestPublishedVectorsV4A(t *testing.T) {
	t.Parallel()
	signed := []string{"x-amz-date", "20150830T123600Z", "x-amz-region-set", "us-east-1"}
	const presigned = "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20150830%2Fservice%2Faws4_request" +
		"&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Expires=3600&X-Amz-Region-Set=us-east-1&X-Amz-Signature="
	tests := []struct {
		name, method, target string
		fields               []string
		list                 string // "": presigned
		signature            string
	}{
		{"get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1", nil, "host;x-amz-date;x-amz-region-set",
			"3044022042f88d908e5a81e5c14d252fa616914f9050d3d613b3c894af248abad15abfe302205b7b243179d0b660969415262fa9f0b0de80a9ff278d02b181c720ed65a298e7"},
		{"get-header-key-duplicate", "GET", "/", []string{"my-header1", "value2", "my-header1", "value2", "my-header1", "value1"}, "host;my-header1;x-amz-date;x-amz-region-set",
			"3045022100b49e91c286a468d72505ea350443b43701ae2cf90f1d6aa6b2d2a77280e11db302205ea3a2a04b8b9ed7b397c29b0050daa200e9e11c86112c9868c984cd840179b1"},
		{"get-header-value-order", "GET", "/", []string{"my-header1", "value4", "my-header1", "value1", "my-header1", "value3", "my-header1", "value2"}, "host;my-header1;x-amz-date;x-amz-region-set",
			"30450220375345f80dd6237452075c25c25069430f89ce6c3fdff7ae4103a50b4f7bb8af022100bfb21ebd1ab175dbfaae98deb966edb65f241d11a2fd2f534a101f81fd63fc0b"},
		{"post-vanilla", "POST", "/", nil, "host;x-amz-date;x-amz-region-set",
			"304402201e9f3476aa74125498a146cf3cd345c370f750b521eaa61128fb812e34c244be02205ba213326b2bcaa02a65739514befb386c227a36b94414c89da45ac200fb8b67"},
		{"get-vanilla-query-order-encoded", "GET", "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1&" + presigned, nil, "",
			"3045022100eedf337ed71c3e88ce9654a9da72b82d929ff14fcda00c8287e1a75db4f6e2b0022057bf498fb40bb50c390f72fdea6be43385a5c7b19fa7be4f01a0ef2b6f801f18"},
		{"get-vanilla", "GET", "/?" + presigned, nil, "",
			"3046022100c57d8a142ae302eb396afb515da12ec3020a836331dfdbf6c8e4f14c0661c0a1022100e1da9728157dad97d80217afb04aa9b99f61dcdef57a056a7f198fb1b728f7c3"},
	}
	for _, tt := range tests {
		verifier := sigv4.NewVerifier(sigv4.Options{})
		make := func(signature string) *wire.Request {
			if tt.list == "" {
				return newRequest(t, tt.method, "example.amazonaws.com", tt.target+signature, "", tt.fields...)
			}
			return newRequest(t, tt.method, "example.amazonaws.com", tt.target, "", append(slices.Concat(tt.fields, signed),
				"authorization", algorithmV4A+" Credential="+suiteID+"/20150830/service/aws4_request, SignedHeaders="+tt.list+", Signature="+signature)...)
		}
		for range 2 { // the second time with the remembered key
			if _, refusal := verifier.Verify(make(tt.signature), suiteParams()); refusal != nil {
				t.Errorf("%s: %v\n%s", tt.name, refusal, detail(refusal, "CanonicalRequest"))
			}
		}
		for i := range tt.signature {
			if _, refusal := verifier.Verify(make(flip(tt.signature, i)), suiteParams()); refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
				t.Errorf("%s with digit %d of the signature changed: %v", tt.name, i, refusal)
			}
		}
	}
}

func TestHeaderRefusalsV4A(t *testing.T) {
	t.Parallel()
	const malformed = "The authorization header is malformed; "
	auth := func(credential, list string) edit {
		return set("authorization", algorithmV4A+" Credential="+credential+", SignedHeaders="+list+", Signature=00")
	}
	good := exampleID + "/20130524/s3/aws4_request"
	tests := []struct {
		name    string
		edits   []edit
		status  int
		code    string
		message string
		detail  string
	}{
		{"no components", []edit{set("authorization", algorithmV4A+" Credential=x")}, 400, "AuthorizationHeaderMalformed", malformed + "the authorization header requires three components", ""},
		{"three parts", []edit{auth("AKID/20130524/aws4_request", listV4A)}, 400, "AuthorizationHeaderMalformed", malformed + `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/SERVICE/aws4_request".`, ""},
		{"a region", []edit{auth(exampleID+"/20130524/us-east-1/s3/aws4_request", listV4A)}, 400, "AuthorizationHeaderMalformed", malformed + `incorrect date format "us-east-1".`, ""},
		{"empty key id", []edit{auth("/20130524/s3/aws4_request", listV4A)}, 400, "AuthorizationHeaderMalformed", malformed + "the Credential is mal-formed", ""},
		{"service", []edit{auth("AKID/20130524/sts/aws4_request", listV4A)}, 400, "AuthorizationHeaderMalformed", malformed + `incorrect service "sts". This endpoint belongs to "s3".`, ""},
		{"terminator", []edit{auth("AKID/20130524/s3/aws3_request", listV4A)}, 400, "AuthorizationHeaderMalformed", malformed + `incorrect terminal "aws3_request".`, ""},
		{"other day", []edit{auth("AKID/20130523/s3/aws4_request", listV4A)}, 400, "AuthorizationHeaderMalformed", malformed + "Invalid credential date.", ""},
		{"region set not signed", []edit{auth(good, "host;x-amz-content-sha256;x-amz-date")}, 403, "AccessDenied", "There were headers present in the request which were not signed", "HeadersNotSigned=x-amz-region-set"},
		{"no region set", []edit{del("x-amz-region-set")}, 400, "InvalidRequest", "Missing required header for this request: x-amz-region-set", ""},
		{"region set twice", []edit{add("x-amz-region-set", "*")}, 400, "InvalidArgument", "The header x-amz-region-set was sent more than once", ""},
		{"another region", []edit{set("x-amz-region-set", "eu-west-1")}, 400, "RegionSetMismatch", "The provided X-Amz-Region-Set doesn't match against the requested S3 region.", "RequestedRegion=us-east-1"},
		{"region set is said", []edit{set("x-amz-region-set", "eu-west-1,x")}, 400, "RegionSetMismatch", "The provided", "RegionSet=eu-west-1,x"},
		{"empty region set", []edit{set("x-amz-region-set", "")}, 400, "RegionSetMismatch", "The provided", "RegionSet="},
		{"endless region set", []edit{set("x-amz-region-set", strings.Repeat("us-east-1,", 205))}, 400, "InvalidRequest", "x-amz-region-set must not be longer than 2048 bytes", ""},
		{"unsigned header before region set", []edit{add("x-amz-acl", "private"), set("x-amz-region-set", "x")}, 403, "AccessDenied", "There were headers present", "HeadersNotSigned=x-amz-acl"},
		{"region set before key", []edit{auth("AKIDEXAMPLE/20130524/s3/aws4_request", listV4A), set("x-amz-region-set", "x")}, 400, "RegionSetMismatch", "The provided", ""},
		{"unknown key", []edit{auth("AKIDEXAMPLE/20130524/s3/aws4_request", listV4A)}, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", "AWSAccessKeyId=AKIDEXAMPLE"},
		{"skew", []edit{set("x-amz-date", "20130523T234459Z")}, 403, "RequestTimeTooSkewed", "The difference", ""},
		{"no content hash", []edit{del("x-amz-content-sha256")}, 400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256", ""},
		{"chunks signed with HMAC", []edit{set("x-amz-content-sha256", plainSigned)}, 400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.", ""},
		{"trailer signed with HMAC", []edit{set("x-amz-content-sha256", trailerSigned)}, 400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.", ""},
		{"changed region set", []edit{set("x-amz-region-set", "us-*")}, 403, "SignatureDoesNotMatch", "The request signature", "AWSAccessKeyId=" + exampleID},
		{"changed path", []edit{func(r *wire.Request) { r.Path += "x" }}, 403, "SignatureDoesNotMatch", "The request signature", ""},
		{"token beside a long-term key", []edit{add("x-amz-security-token", "token"), auth(good, listV4A+";x-amz-security-token")}, 400, "InvalidToken", "The provided token", "Token-0=token"},
	}
	verifier := sigv4.NewVerifier(sigv4.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := requestV4A(t, "/object", "us-east-1")
			if _, refusal := verifier.Verify(req, s3Params(exampleNow)); refusal != nil {
				t.Fatal(refusal)
			}
			for _, change := range tt.edits {
				change(req)
			}
			_, refusal := verifier.Verify(req, s3Params(exampleNow))
			expectRefusal(t, refusal, tt.status, tt.code, tt.message, tt.detail)
		})
	}
	// Chunks where the operation takes none.
	p := s3Params(exampleNow)
	p.Payload.Chunked = false
	req := requestV4A(t, "/object", "*")
	req.Fields.Set("x-amz-content-sha256", plainSignedV4A)
	_, refusal := verifier.Verify(req, p)
	expectRefusal(t, refusal, 400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.", "")
}

func TestQueryRefusalsV4A(t *testing.T) {
	t.Parallel()
	const credentialFault = "Error parsing the X-Amz-Credential parameter; "
	tests := []struct {
		name    string
		more    string // parameters that are signed
		edit    edit
		status  int
		code    string
		message string
		detail  string
	}{
		{"algorithm in lower case", "&X-Amz-Region-Set=*", replace(t, algorithmV4A, strings.ToLower(algorithmV4A)), 400, "AuthorizationQueryParametersError", "X-Amz-Algorithm only supports", ""},
		{"a region", "&X-Amz-Region-Set=*", replace(t, "%2Fs3%2F", "%2Fus-east-1%2Fs3%2F"), 400, "AuthorizationQueryParametersError", credentialFault + `incorrect date format "us-east-1".`, ""},
		{"credential", "&X-Amz-Region-Set=*", replace(t, "%2Faws4_request", ""), 400, "AuthorizationQueryParametersError", credentialFault + `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/SERVICE/aws4_request".`, ""},
		{"no region set", "&X-Amz-Region-Set=*", replace(t, "&X-Amz-Region-Set=*", ""), 400, "AuthorizationQueryParametersError", "SigV4a query auth requires a non empty x-amz-region-set parameter.", ""},
		{"empty region set", "&X-Amz-Region-Set=*", replace(t, "Region-Set=*", "Region-Set="), 400, "AuthorizationQueryParametersError", "SigV4a query auth requires a non empty", ""},
		{"region set twice", "&X-Amz-Region-Set=*", query(t, func(q string) string { return q + "&X-Amz-Region-Set=*" }), 400, "InvalidArgument", "The query parameter X-Amz-Region-Set was sent more than once", ""},
		{"region set misspelt", "&X-Amz-Region-Set=*", replace(t, "X-Amz-Region-Set", "x-amz-region-set"), 400, "AuthorizationQueryParametersError", "Query-string authentication version 4 requires", ""},
		{"another region", "&X-Amz-Region-Set=*", replace(t, "Region-Set=*", "Region-Set=eu-%2A"), 400, "RegionSetMismatch", "The provided", "RegionSet=eu-*"},
		{"endless region set", "&X-Amz-Region-Set=*", replace(t, "Region-Set=*", "Region-Set="+strings.Repeat("*,", 1025)), 400, "AuthorizationQueryParametersError", "x-amz-region-set must not be longer than 2048 bytes", ""},
		{"changed region set", "&X-Amz-Region-Set=*", replace(t, "Region-Set=*", "Region-Set=us-*"), 403, "SignatureDoesNotMatch", "The request signature", ""},
		{"region set in a field too", "&X-Amz-Region-Set=*", func(r *wire.Request) {
			r.Fields.Add("x-amz-region-set", "*")
			replace(t, "SignedHeaders=host", "SignedHeaders=host%3Bx-amz-region-set")(r)
		}, 400, "InvalidArgument", "The query parameter X-Amz-Region-Set was sent more than once", ""},
		{"region set in an unsigned field", "&X-Amz-Region-Set=*", add("x-amz-region-set", "*"), 403, "AccessDenied", "There were headers present", "HeadersNotSigned=x-amz-region-set"},
		{"unknown key", "&X-Amz-Region-Set=*", replace(t, exampleID, "AKIDEXAMPLE"), 403, "InvalidAccessKeyId", "The AWS Access Key Id", ""},
		{"unsigned header", "&X-Amz-Region-Set=*", add("x-amz-acl", "public-read"), 403, "AccessDenied", "There were headers present", "HeadersNotSigned=x-amz-acl"},
		{"upper-case signature", "&X-Amz-Region-Set=*", query(t, func(q string) string {
			i := strings.Index(q, "Signature=") + len("Signature=")
			return q[:i] + strings.ToUpper(q[i:])
		}), 403, "SignatureDoesNotMatch", "The request signature", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			verifier := sigv4.NewVerifier(sigv4.Options{})
			req := presignV4A(t, tt.more)
			if _, refusal := verifier.Verify(req, s3Params(exampleNow)); refusal != nil {
				t.Fatal(refusal)
			}
			tt.edit(req)
			_, refusal := verifier.Verify(req, s3Params(exampleNow))
			expectRefusal(t, refusal, tt.status, tt.code, tt.message, tt.detail)
		})
	}
}

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

// integer is a number as an ASN.1 integer, with more zeros in front than
// belong there.
func integer(n *mathbig.Int, zeros int) string {
	b := string(n.Bytes())
	if b == "" || b[0] >= 0x80 {
		b = "\x00" + b
	}
	b = strings.Repeat("\x00", zeros) + b
	return "\x02" + string([]byte{byte(len(b))}) + b
}

func sequence(parts ...string) string {
	b := strings.Join(parts, "")
	return "\x30" + string([]byte{byte(len(b))}) + b
}

// TestSignaturesV4A: a signature has one spelling.
func TestSignaturesV4A(t *testing.T) {
	t.Parallel()
	n := elliptic.P256().Params().N
	verifier := sigv4.NewVerifier(sigv4.Options{})
	// Both numbers need a zero in front, so that it can be left out.
	var r, s *mathbig.Int
	var req *wire.Request
	for i := 0; r == nil || r.BitLen() < 256 || s.BitLen() < 256; i++ {
		req = requestV4A(t, "/object", "*", "x-amz-meta-a", fmt.Sprint(i))
		_, text, _ := strings.Cut(req.Fields.Get("authorization"), "Signature=")
		der, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		var signature struct{ R, S *mathbig.Int }
		if _, err := asn1.Unmarshal(der, &signature); err != nil {
			t.Fatal(err)
		}
		r, s = signature.R, signature.S
	}
	raw := func(n *mathbig.Int) string { return string(n.Bytes()) }
	negative := func(n *mathbig.Int) string { return "\x02\x20" + raw(n) }
	zero := new(mathbig.Int)
	add := func(a, b *mathbig.Int) *mathbig.Int { return new(mathbig.Int).Add(a, b) }
	R, S := integer(r, 0), integer(s, 0)
	good := sequence(R, S)
	tests := []struct {
		name string
		der  string
		ok   bool
	}{
		{"canonical", good, true},
		{"the other s", sequence(R, integer(new(mathbig.Int).Sub(n, s), 0)), true},
		{"empty", "", false},
		{"empty sequence", sequence(), false},
		{"one number", sequence(R), false},
		{"three numbers", sequence(R, S, S), false},
		{"swapped", sequence(S, R), false},
		{"trailing byte", good + "\x00", false},
		{"trailing byte in the sequence", sequence(R, S, "\x00"), false},
		{"trailing null in the sequence", sequence(R, S, "\x05\x00"), false},
		{"cut", good[:len(good)-1], false},
		{"zero in front of r", sequence(integer(r, 1), S), false},
		{"zero in front of s", sequence(R, integer(s, 1)), false},
		{"negative r", sequence(negative(r), S), false},
		{"negative s", sequence(R, negative(s)), false},
		{"r is 0", sequence(integer(zero, 0), S), false},
		{"s is 0", sequence(R, integer(zero, 0)), false},
		{"both are 0", sequence(integer(zero, 0), integer(zero, 0)), false},
		{"both are 1", sequence("\x02\x01\x01", "\x02\x01\x01"), false},
		{"r without bytes", sequence("\x02\x00", S), false},
		{"r is n", sequence(integer(n, 0), S), false},
		{"s is n", sequence(R, integer(n, 0)), false},
		{"both are n", sequence(integer(n, 0), integer(n, 0)), false},
		{"r plus n", sequence(integer(add(r, n), 0), S), false},
		{"s plus n", sequence(R, integer(add(s, n), 0)), false},
		{"long form of the sequence", "\x30\x81" + good[1:], false},
		{"longer form of the sequence", "\x30\x82\x00" + good[1:], false},
		{"long form of r", sequence("\x02\x81"+R[1:], S), false},
		{"long form of s", sequence(R, "\x02\x81"+S[1:]), false},
		{"indefinite form", "\x30\x80" + good[2:] + "\x00\x00", false},
		{"a set", "\x31" + good[1:], false},
		{"a bit string", sequence("\x03"+R[1:], S), false},
		{"an enumeration", sequence("\x0a"+R[1:], S), false},
		{"long tag", "\x3f\x10" + good[1:], false},
		{"both numbers alone", R + S, false},
		{"raw numbers", raw(r) + raw(s), false},
		{"in an octet string", "\x04" + string([]byte{byte(len(good))}) + good, false},
	}
	verify := func(signature string) *wire.Refusal {
		changed := clone(req)
		before, _, _ := strings.Cut(req.Fields.Get("authorization"), "Signature=")
		changed.Fields.Set("authorization", before+"Signature="+signature)
		_, refusal := verifier.Verify(changed, s3Params(exampleNow))
		return refusal
	}
	for _, tt := range tests {
		text := hex.EncodeToString([]byte(tt.der))
		refusal := verify(text)
		switch {
		case text == "":
			expectRefusal(t, refusal, 400, "AuthorizationHeaderMalformed", "", "")
		case tt.ok && refusal != nil:
			t.Errorf("%s: %v", tt.name, refusal)
		case !tt.ok && (refusal == nil || refusal.Code != "SignatureDoesNotMatch"):
			t.Errorf("%s: %v", tt.name, refusal)
		}
	}
	text := hex.EncodeToString([]byte(good))
	for name, other := range map[string]string{
		"upper case":      strings.ToUpper(text),
		"one upper case":  strings.Replace(text, "a", "A", 1),
		"odd":             text[:len(text)-1],
		"padded":          text + "**",
		"blank in it":     text[:10] + " " + text[10:],
		"0x":              "0x" + text,
		"base64":          "MEUCIQ",
		"endless":         strings.Repeat(text, 1000),
		"HMAC's zeros":    zeroSignature,
		"padding alone":   "**",
		"full width":      strings.Replace(text, "0", "０", 1),
		"trailing zeroes": text + "00",
	} {
		if refusal := verify(other); refusal == nil || refusal.Code != "SignatureDoesNotMatch" {
			t.Errorf("%s: %v", name, refusal)
		}
	}
}

func TestVerifiedV4A(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	p := s3Params(exampleNow)
	p.Regions = []string{"eu-west-1", "us-east-1"}
	v, refusal := verifier.Verify(requestV4A(t, "/object", "us-*"), p)
	if refusal != nil || v.Algorithm != algorithmV4A || v.Scheme != sigv4.Header || v.Region != "us-east-1" || v.Service != "s3" ||
		v.AccessKeyID != exampleID || v.KeyVersion != 1 || v.SignedHeaders != listV4A || v.Payload != emptyHash {
		t.Errorf("header: %+v, %v", v, refusal)
	}
	v, refusal = verifier.Verify(presignV4A(t, "&X-Amz-Region-Set=%2A"), p)
	if refusal != nil || v.Algorithm != algorithmV4A || v.Scheme != sigv4.Query || v.Region != "eu-west-1" || v.Expires != 24*time.Hour {
		t.Errorf("query: %+v, %v", v, refusal)
	}
}

// TestKeyVersionsV4A: keys of both algorithms and of several versions are
// remembered beside one another.
func TestKeyVersionsV4A(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{KeyCacheEntries: 1})
	current := &sigv4.Key{Secret: secret.New(exampleSecret), Version: 1}
	p := s3Params(exampleNow)
	p.Keys = oneKey{current}
	verify := func(want bool) {
		t.Helper()
		for name, req := range map[string]*wire.Request{
			"HMAC": vectors()[0].request(t), "ECDSA": requestV4A(t, "/object", "*"), "presigned HMAC": vectors()[4].request(t), "presigned ECDSA": presignV4A(t, "&X-Amz-Region-Set=us-east-1"),
		} {
			for range 2 {
				if _, refusal := verifier.Verify(req, p); (refusal == nil) != want {
					t.Errorf("%s, version %d: %v", name, current.Version, refusal)
				}
			}
		}
	}
	verify(true)
	*current = sigv4.Key{Secret: secret.New("rotated"), Version: 2}
	verify(false)
	*current = sigv4.Key{Secret: secret.New(exampleSecret), Version: 3}
	verify(true)
	*current = sigv4.Key{Version: 3}
	verify(false)
}

// TestTemporaryKeysV4A: a session token is a signed field or parameter.
func TestTemporaryKeysV4A(t *testing.T) {
	t.Parallel()
	p := s3Params(exampleNow)
	p.Keys = keys{exampleID: exampleSecret + " token"}
	c := exampleChainV4A()
	req := newRequest(t, "GET", exampleHost, "/object", "", "x-amz-content-sha256", emptyHash, "x-amz-date", exampleTime,
		"x-amz-region-set", "*", "x-amz-security-token", "token")
	verify := func(signature string) (*sigv4.Verified, *wire.Refusal) {
		req.Fields.Set("authorization", c.authorization(listV4A+";x-amz-security-token", signature))
		return sigv4.NewVerifier(sigv4.Options{}).Verify(req, p)
	}
	_, refusal := verify("00")
	v, refusal := verify(c.sign(detail(refusal, "StringToSign")))
	if refusal != nil || v.SessionToken != "token" {
		t.Errorf("%+v, %v", v, refusal)
	}
}
