package sigv4_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

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
			explains(t, verifier, req, s3Params(exampleNow), refusal)
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
			explains(t, verifier, req, s3Params(exampleNow), refusal)
			expectRefusal(t, refusal, tt.status, tt.code, tt.message, tt.detail)
		})
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
