package sigv4_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sallyport-iam/sallyport/secret"
	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

const zeroSignature = "0000000000000000000000000000000000000000000000000000000000000000"

// edit is a change of a request that would verify.
type edit func(*wire.Request)

func set(name, value string) edit { return func(r *wire.Request) { r.Fields.Set(name, value) } }
func add(name, value string) edit { return func(r *wire.Request) { r.Fields.Add(name, value) } }
func del(name string) edit        { return func(r *wire.Request) { r.Fields.Del(name) } }

func credential(c string) edit {
	return set("authorization", "AWS4-HMAC-SHA256 Credential="+c+", SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature="+zeroSignature)
}

func headers(list string) edit { return set("authorization", authorization(list, zeroSignature)) }

func query(t testing.TB, change func(string) string) edit {
	return func(r *wire.Request) {
		r.RawQuery = change(r.RawQuery)
		r.HasQuery = true
		var refusal *wire.Refusal
		if r.Query, refusal = wire.ParseQuery(r.RawQuery); refusal != nil {
			t.Fatal(refusal)
		}
	}
}

func replace(t testing.TB, old, with string) edit {
	return query(t, func(q string) string {
		if !strings.Contains(q, old) {
			t.Fatalf("no %q in the query", old)
		}
		return strings.Replace(q, old, with, 1)
	})
}

func TestHeaderRefusals(t *testing.T) {
	t.Parallel()
	const malformed = "The authorization header is malformed; "
	tests := []struct {
		name    string
		edits   []edit
		status  int
		code    string
		message string // a prefix
		detail  string // "Name=Value" of one element
	}{
		{"no space", []edit{set("authorization", "AWS4-HMAC-SHA256")}, 400, "InvalidArgument", "Authorization header is invalid -- one and only one ' ' (space) required", "ArgumentName=Authorization"},
		{"two spaces", []edit{set("authorization", "AWS4-HMAC-SHA256  Credential=x")}, 400, "InvalidArgument", "Authorization header is invalid", ""},
		{"empty", []edit{set("authorization", "")}, 400, "InvalidArgument", "Authorization header is invalid", ""},
		{"bearer", []edit{set("authorization", "Bearer abc")}, 400, "InvalidArgument", "Unsupported Authorization Type", ""},
		{"version 2", []edit{set("authorization", "AWS "+exampleID+":abc=")}, 400, "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.", ""},
		{"two authorizations", []edit{add("authorization", "Bearer abc")}, 400, "InvalidArgument", "Only one auth mechanism allowed", ""},
		{"no content hash", []edit{del("x-amz-content-sha256")}, 400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256", ""},
		{"bad content hash", []edit{set("x-amz-content-sha256", "abc")}, 400, "InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, ", "ArgumentValue=abc"},
		{"keyword in lower case", []edit{set("x-amz-content-sha256", "unsigned-payload")}, 400, "InvalidArgument", "x-amz-content-sha256 must be", ""},
		{"ECDSA chunks", []edit{set("x-amz-content-sha256", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD")}, 400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.", ""},
		{"no date", []edit{del("x-amz-date")}, 403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header", ""},
		{"bad date shadows", []edit{set("x-amz-date", "yesterday"), set("date", "Fri, 24 May 2013 00:00:00 GMT")}, 403, "AccessDenied", "AWS authentication requires a valid Date", ""},
		{"31 February", []edit{set("x-amz-date", "20130231T000000Z")}, 403, "AccessDenied", "AWS authentication requires a valid Date", ""},
		{"month 0", []edit{set("x-amz-date", "20130031T000000Z")}, 403, "AccessDenied", "AWS authentication requires a valid Date", ""},
		{"hour 24", []edit{set("x-amz-date", "20130524T240000Z")}, 403, "AccessDenied", "AWS authentication requires a valid Date", ""},
		{"date of another zone", []edit{del("x-amz-date"), set("date", "Fri, 24 May 2013 00:00:00 CET")}, 403, "AccessDenied", "AWS authentication requires a valid Date", ""},
		{"too early", []edit{set("x-amz-date", "20130523T234459Z")}, 403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", "RequestTime=20130523T234459Z"},
		{"too late", []edit{set("x-amz-date", "20130524T001501Z")}, 403, "RequestTimeTooSkewed", "The difference", "ServerTime=2013-05-24T00:00:00Z"},
		{"skew is said", []edit{set("x-amz-date", "20140524T001501Z")}, 403, "RequestTimeTooSkewed", "The difference", "MaxAllowedSkewMilliseconds=900000"},
		{"no signature", []edit{set("authorization", "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host")}, 400, "AuthorizationHeaderMalformed", malformed + "the authorization header requires three components: Credential, SignedHeaders, and Signature.", ""},
		{"unknown component", []edit{set("authorization", authorization("host", zeroSignature)+", X=y")}, 400, "AuthorizationHeaderMalformed", malformed + "the authorization header requires three", ""},
		{"repeated component", []edit{set("authorization", authorization("host", zeroSignature)+", Signature="+zeroSignature)}, 400, "AuthorizationHeaderMalformed", malformed + "the authorization header requires three", ""},
		{"component in lower case", []edit{set("authorization", strings.Replace(authorization("host", zeroSignature), "Signature", "signature", 1))}, 400, "AuthorizationHeaderMalformed", malformed + "the authorization header requires three", ""},
		{"trailing comma", []edit{set("authorization", authorization("host", zeroSignature)+",")}, 400, "AuthorizationHeaderMalformed", malformed, ""},
		{"four parts", []edit{credential("AKID/20130524/us-east-1/aws4_request")}, 400, "AuthorizationHeaderMalformed", malformed + `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`, ""},
		{"empty key id", []edit{credential("/20130524/us-east-1/s3/aws4_request")}, 400, "AuthorizationHeaderMalformed", malformed + "the Credential is mal-formed", ""},
		{"scope date", []edit{credential("AKID/2013/us-east-1/s3/aws4_request")}, 400, "AuthorizationHeaderMalformed", malformed + `incorrect date format "2013". This date in the credential must be in the format "yyyyMMdd".`, ""},
		{"region", []edit{credential("AKID/20130524/eu-west-1/s3/aws4_request")}, 400, "AuthorizationHeaderMalformed", malformed + "the region 'eu-west-1' is wrong; expecting 'us-east-1'", "Region=us-east-1"},
		{"no region", []edit{credential("AKID/20130524//s3/aws4_request")}, 400, "AuthorizationHeaderMalformed", malformed + "a non-empty region must be provided in the credential.", "Region=us-east-1"},
		{"service", []edit{credential("AKID/20130524/us-east-1/s3express/aws4_request")}, 400, "AuthorizationHeaderMalformed", malformed + `incorrect service "s3express". This endpoint belongs to "s3".`, ""},
		{"terminator", []edit{credential("AKID/20130524/us-east-1/s3/aws3_request")}, 400, "AuthorizationHeaderMalformed", malformed + `incorrect terminal "aws3_request". This endpoint uses "aws4_request".`, ""},
		{"other day", []edit{credential("AKID/20130523/us-east-1/s3/aws4_request")}, 400, "AuthorizationHeaderMalformed", malformed + "Invalid credential date. Date is not the same as X-Amz-Date.", ""},
		{"unknown key", []edit{credential("AKIDEXAMPLE/20130524/us-east-1/s3/aws4_request")}, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", "AWSAccessKeyId=AKIDEXAMPLE"},
		{"upper-case names", []edit{headers("Host;x-amz-content-sha256;x-amz-date")}, 400, "AuthorizationHeaderMalformed", malformed + "the SignedHeaders must be", ""},
		{"unsorted names", []edit{headers("host;x-amz-date;x-amz-content-sha256")}, 400, "AuthorizationHeaderMalformed", malformed + "the SignedHeaders must be", ""},
		{"wrong signature", []edit{headers("host;x-amz-content-sha256;x-amz-date")}, 403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.", "SignatureProvided=" + zeroSignature},
		{"key is said", []edit{headers("host;x-amz-content-sha256;x-amz-date")}, 403, "SignatureDoesNotMatch", "The request signature", "AWSAccessKeyId=" + exampleID},
		{"short signature", []edit{set("authorization", authorization("host;x-amz-content-sha256;x-amz-date", "00"))}, 403, "SignatureDoesNotMatch", "The request signature", ""},
		{"unsigned header", []edit{add("x-amz-tagging", "a=b"), add("x-amz-acl", "public-read")}, 403, "AccessDenied", "There were headers present in the request which were not signed", "HeadersNotSigned=x-amz-acl, x-amz-tagging"},
		{"unsigned md5", []edit{add("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==")}, 403, "AccessDenied", "There were headers present", "HeadersNotSigned=content-md5"},
		{"unsigned date", []edit{del("x-amz-date"), set("date", "Fri, 24 May 2013 00:00:00 GMT"), headers("host;x-amz-content-sha256")}, 403, "AccessDenied", "There were headers present", "HeadersNotSigned=date"},
		{"unsigned target", []edit{add("x-amz-target", "S3.GetObject")}, 403, "AccessDenied", "There were headers present", "HeadersNotSigned=x-amz-target"},
		{"header moved by the next hop", []edit{add("connection", "keep-alive, x-amz-acl")}, 400, "InvalidRequest", "The Connection header names other headers", ""},
		{"token beside a long-term key", []edit{add("x-amz-security-token", "token"), headers("host;x-amz-content-sha256;x-amz-date;x-amz-security-token")}, 400, "InvalidToken", "The provided token is malformed or otherwise invalid.", "Token-0=token"},
		{"express session", []edit{add("x-amz-s3session-token", "token"), headers("host;x-amz-content-sha256;x-amz-date;x-amz-s3session-token")}, 501, "NotImplemented", "A header you provided", ""},
	}
	verifier := sigv4.NewVerifier(sigv4.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := vectors()[2].request(t) // GET ?lifecycle
			for _, change := range tt.edits {
				change(req)
			}
			_, refusal := verifier.Verify(req, s3Params(exampleNow))
			expectRefusal(t, refusal, tt.status, tt.code, tt.message, tt.detail)
			explains(t, verifier, req, s3Params(exampleNow), refusal)
		})
	}
}

func expectRefusal(t *testing.T, r *wire.Refusal, status int, code, message, element string) {
	t.Helper()
	if r == nil {
		t.Fatalf("accepted, want %s", code)
	}
	if r.Status != status || r.Code != code || !strings.HasPrefix(r.Message, message) {
		t.Errorf("refused with %d %s %q, want %d %s %q", r.Status, r.Code, r.Message, status, code, message)
	}
	if name, value, found := strings.Cut(element, "="); found && detail(r, name) != value {
		t.Errorf("element %s = %q, want %q", name, detail(r, name), value)
	}
}

func TestQueryRefusals(t *testing.T) {
	t.Parallel()
	const incomplete = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
	const credentialFault = "Error parsing the X-Amz-Credential parameter; "
	day := exampleNow.Add(24 * time.Hour)
	tests := []struct {
		name    string
		now     time.Time
		edit    edit
		status  int
		code    string
		message string
		detail  string
	}{
		{"algorithm", exampleNow, replace(t, "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"), 400, "AuthorizationQueryParametersError", `X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`, ""},
		{"algorithm in lower case", exampleNow, replace(t, "AWS4-HMAC-SHA256", "aws4-hmac-sha256"), 400, "AuthorizationQueryParametersError", "X-Amz-Algorithm only supports", ""},
		{"no algorithm", exampleNow, replace(t, "X-Amz-Algorithm=AWS4-HMAC-SHA256&", ""), 400, "AuthorizationQueryParametersError", incomplete, ""},
		{"no expiry", exampleNow, replace(t, "&X-Amz-Expires=86400", ""), 400, "AuthorizationQueryParametersError", incomplete, ""},
		{"no signed headers", exampleNow, replace(t, "&X-Amz-SignedHeaders=host", ""), 400, "AuthorizationQueryParametersError", incomplete, ""},
		{"signature alone", exampleNow, query(t, func(string) string { return "X-Amz-Signature=" + zeroSignature }), 400, "AuthorizationQueryParametersError", incomplete, ""},
		{"credential in lower case alone", exampleNow, query(t, func(string) string { return "x-amz-credential=a" }), 400, "AuthorizationQueryParametersError", incomplete, ""},
		{"misspelt token beside the six", exampleNow, query(t, func(q string) string { return q + "&x-amz-security-token=a" }), 400, "AuthorizationQueryParametersError", incomplete, ""},
		{"date", exampleNow, replace(t, "X-Amz-Date="+exampleTime, "X-Amz-Date=20130524"), 400, "AuthorizationQueryParametersError", `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`, ""},
		{"expiry is no number", exampleNow, replace(t, "86400", "abc"), 400, "AuthorizationQueryParametersError", "X-Amz-Expires should be a number", ""},
		{"expiry is empty", exampleNow, replace(t, "86400", ""), 400, "AuthorizationQueryParametersError", "X-Amz-Expires should be a number", ""},
		{"expiry with a plus", exampleNow, replace(t, "86400", "%2B86400"), 400, "AuthorizationQueryParametersError", "X-Amz-Expires should be a number", ""},
		{"negative expiry", exampleNow, replace(t, "86400", "-1"), 400, "AuthorizationQueryParametersError", "X-Amz-Expires must be non-negative", ""},
		{"over a week", exampleNow, replace(t, "86400", "604801"), 400, "AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week (in seconds)", ""},
		{"a huge expiry", exampleNow, replace(t, "86400", "99999999999999999999999999"), 400, "AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week (in seconds)", ""},
		{"not yet", exampleNow.Add(-15*time.Minute - time.Second), query(t, same), 403, "AccessDenied", "Request is not yet valid", "X-Amz-Date=" + exampleTime},
		{"expired", day.Add(time.Second), query(t, same), 403, "AccessDenied", "Request has expired", "X-Amz-Expires=86400"},
		{"expired is said", day.Add(time.Second), query(t, same), 403, "AccessDenied", "Request has expired", "Expires=2013-05-25T00:00:00Z"},
		{"expired before credential faults", day.Add(time.Second), replace(t, "us-east-1", "eu-west-1"), 403, "AccessDenied", "Request has expired", ""},
		{"credential", exampleNow, replace(t, "%2Faws4_request", ""), 400, "AuthorizationQueryParametersError", credentialFault + "the Credential is mal-formed", ""},
		{"region", exampleNow, replace(t, "us-east-1", "eu-west-1"), 400, "AuthorizationQueryParametersError", credentialFault + "the region 'eu-west-1' is wrong; expecting 'us-east-1'", "Region=us-east-1"},
		{"service", exampleNow, replace(t, "%2Fs3%2F", "%2Fsts%2F"), 400, "AuthorizationQueryParametersError", credentialFault + `incorrect service "sts"`, ""},
		{"other day", exampleNow, replace(t, "%2F20130524%2F", "%2F20130523%2F"), 400, "AuthorizationQueryParametersError", credentialFault + "Invalid credential date.", ""},
		{"unsorted names", exampleNow, replace(t, "SignedHeaders=host", "SignedHeaders=range%3Bhost"), 400, "AuthorizationQueryParametersError", "X-Amz-SignedHeaders is malformed", ""},
		{"unsigned header", exampleNow, add("x-amz-acl", "public-read"), 403, "AccessDenied", "There were headers present in the request which were not signed", "HeadersNotSigned=x-amz-acl"},
		{"unknown key", exampleNow, replace(t, exampleID, "AKIDEXAMPLE"), 403, "InvalidAccessKeyId", "The AWS Access Key Id", "AWSAccessKeyId=AKIDEXAMPLE"},
		{"token beside a long-term key", exampleNow, query(t, func(q string) string { return q + "&X-Amz-Security-Token=token" }), 400, "InvalidToken", "The provided token is malformed or otherwise invalid.", "Token-0=token"},
		{"changed query", exampleNow, query(t, func(q string) string { return q + "&versionId=1" }), 403, "SignatureDoesNotMatch", "The request signature", ""},
		{"version 2", exampleNow, query(t, func(string) string { return "AWSAccessKeyId=" + exampleID + "&Expires=1&Signature=a" }), 400, "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.", ""},
		{"no signed headers", exampleNow, replace(t, "SignedHeaders=host", "SignedHeaders"), 400, "AuthorizationQueryParametersError", "X-Amz-SignedHeaders is malformed", ""},
		{"versions 2 and 4", exampleNow, query(t, func(q string) string { return q + "&AWSAccessKeyId=" + exampleID }), 400, "InvalidArgument", "Only one auth mechanism allowed", ""},
		{"express session", exampleNow, query(t, func(q string) string { return q + "&X-Amz-S3session-Token=a" }), 501, "NotImplemented", "A header you provided", ""},
		{"content hash in two places", exampleNow, func(r *wire.Request) {
			query(t, func(q string) string { return q + "&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD" })(r)
			r.Fields.Set("x-amz-content-sha256", emptyHash)
		}, 400, "InvalidRequest", "The value of x-amz-content-sha256 header is invalid.", ""},
	}
	verifier := sigv4.NewVerifier(sigv4.Options{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := vectors()[4].request(t)
			tt.edit(req)
			_, refusal := verifier.Verify(req, s3Params(tt.now))
			expectRefusal(t, refusal, tt.status, tt.code, tt.message, tt.detail)
			explains(t, verifier, req, s3Params(tt.now), refusal)
		})
	}
}

func same(q string) string { return q }

// TestVersion2NamesTheSetting: the clients that still presign with Signature
// Version 2 by default must learn what to change.
func TestVersion2NamesTheSetting(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]edit{
		"header": set("authorization", "AWS "+exampleID+":c2ln"),
		"query":  query(t, func(string) string { return "AWSAccessKeyId=" + exampleID + "&Signature=c2ln&Expires=1369353600" }),
	} {
		req := newRequest(t, "GET", exampleHost, "/object", "")
		change(req)
		_, refusal := sigv4.Recognise(req)
		if refusal == nil {
			t.Fatalf("%s: accepted", name)
		}
		for _, want := range []string{"Config(signature_version='s3v4')", "aws configure set default.s3.signature_version s3v4"} {
			if !strings.Contains(refusal.Message, want) {
				t.Errorf("%s: the message does not say %s: %s", name, want, refusal.Message)
			}
		}
	}
}

func TestTimeWindows(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	header, presigned := vectors()[0].request(t), vectors()[4].request(t)
	tests := []struct {
		name string
		req  *wire.Request
		now  time.Duration
		ok   bool
	}{
		{"header, 14:59 late", header, 15*time.Minute - time.Second, true},
		{"header, 15:00 late", header, 15 * time.Minute, true},
		{"header, 15:01 late", header, 15*time.Minute + time.Second, false},
		{"header, 14:59 early", header, -15*time.Minute + time.Second, true},
		{"header, 15:01 early", header, -15*time.Minute - time.Second, false},
		{"presigned, 14:59 early", presigned, -15*time.Minute + time.Second, true},
		{"presigned, 15:01 early", presigned, -15*time.Minute - time.Second, false},
		{"presigned, one second left", presigned, 24*time.Hour - time.Second, true},
		{"presigned, last second", presigned, 24 * time.Hour, true},
		{"presigned, one second over", presigned, 24*time.Hour + time.Second, false},
	}
	for _, tt := range tests {
		_, refusal := verifier.Verify(tt.req, s3Params(exampleNow.Add(tt.now)))
		if (refusal == nil) != tt.ok {
			t.Errorf("%s: %v, want accepted = %v", tt.name, refusal, tt.ok)
		}
	}
	strict := sigv4.NewVerifier(sigv4.Options{MaxSkew: time.Minute})
	if _, refusal := strict.Verify(header, s3Params(exampleNow.Add(61*time.Second))); refusal == nil {
		t.Error("accepted beyond MaxSkew")
	}
}

// TestOrderOfChecks has two faults in each request; the earlier check answers.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	const badScope = "AKIDEXAMPLE/20130524/eu-west-1/s3/aws4_request"
	tests := []struct {
		name  string
		edits []edit
		code  string
	}{
		{"mechanisms before shape", []edit{set("authorization", "x"), query(t, func(string) string { return "X-Amz-Algorithm=x" })}, "InvalidArgument"},
		{"content hash before date", []edit{del("x-amz-date"), del("x-amz-content-sha256")}, "InvalidRequest"},
		{"date before components", []edit{del("x-amz-date"), set("authorization", "AWS4-HMAC-SHA256 x")}, "AccessDenied"},
		{"skew before components", []edit{set("x-amz-date", "20200524T000000Z"), set("authorization", "AWS4-HMAC-SHA256 x")}, "RequestTimeTooSkewed"},
		{"skew before credential", []edit{set("x-amz-date", "20200524T000000Z"), credential(badScope)}, "RequestTimeTooSkewed"},
		{"credential before unsigned headers", []edit{add("x-amz-acl", "private"), credential(badScope)}, "AuthorizationHeaderMalformed"},
		{"unsigned headers before key", []edit{add("x-amz-acl", "private"), credential("AKIDEXAMPLE/20130524/us-east-1/s3/aws4_request")}, "AccessDenied"},
		{"key before signature", []edit{credential("AKIDEXAMPLE/20130524/us-east-1/s3/aws4_request")}, "InvalidAccessKeyId"},
	}
	for _, tt := range tests {
		req := vectors()[2].request(t)
		for _, change := range tt.edits {
			change(req)
		}
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow)); refusal == nil || refusal.Code != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, refusal, tt.code)
		}
	}
}

func TestTemporaryKeys(t *testing.T) {
	t.Parallel()
	p := s3Params(exampleNow)
	p.Keys = keys{"ASIATEMP": exampleSecret + " good", "ASIAOVER": exampleSecret + " expired", "ASIAEMPTY": ""}
	tests := []struct {
		name, id, token, code string
	}{
		{"without token", "ASIATEMP", "", "InvalidAccessKeyId"},
		{"wrong token", "ASIATEMP", "bad", "InvalidToken"},
		{"expired token", "ASIAOVER", "expired", "ExpiredToken"},
		{"right token", "ASIATEMP", "good", "SignatureDoesNotMatch"},
		{"empty secret", "ASIAEMPTY", "", "InvalidAccessKeyId"},
	}
	for _, tt := range tests {
		req := vectors()[2].request(t)
		list := "host;x-amz-content-sha256;x-amz-date"
		if tt.token != "" {
			req.Fields.Add("x-amz-security-token", tt.token)
			list += ";x-amz-security-token"
		}
		req.Fields.Set("authorization", strings.Replace(authorization(list, zeroSignature), exampleID, tt.id, 1))
		if _, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, p); refusal == nil || refusal.Code != tt.code {
			t.Errorf("%s: %v, want %s", tt.name, refusal, tt.code)
		}
	}
}

// TestTokenInTwoPlaces: a presigned request carries its token in the query or
// in a signed field, not in both.
func TestTokenInTwoPlaces(t *testing.T) {
	t.Parallel()
	req := vectors()[4].request(t)
	replace(t, "SignedHeaders=host", "SignedHeaders=host%3Bx-amz-security-token")(req)
	query(t, func(q string) string { return q + "&X-Amz-Security-Token=a" })(req)
	req.Fields.Add("x-amz-security-token", "a")
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	expectRefusal(t, refusal, 400, "InvalidArgument", "Only one auth mechanism allowed", "")
}

type failingKeys struct{}

func (failingKeys) Key(string, string) (sigv4.Key, error) {
	return sigv4.Key{}, errors.New("the key store is away")
}

func TestFailingLookUp(t *testing.T) {
	t.Parallel()
	p := s3Params(exampleNow)
	p.Keys = failingKeys{}
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(vectors()[0].request(t), p)
	expectRefusal(t, refusal, 503, "ServiceUnavailable", "", "")
	if !refusal.Retryable || strings.Contains(refusal.Message, "key store") {
		t.Errorf("refusal = %+v", refusal)
	}
}

func TestNoCredentials(t *testing.T) {
	t.Parallel()
	req := newRequest(t, "GET", exampleHost, "/object", "")
	if scheme, refusal := sigv4.Recognise(req); scheme != sigv4.None || refusal != nil {
		t.Errorf("Recognise = %v, %v", scheme, refusal)
	}
	_, refusal := sigv4.NewVerifier(sigv4.Options{}).Verify(req, s3Params(exampleNow))
	expectRefusal(t, refusal, 403, "AccessDenied", "Access Denied", "")
}

func TestVerified(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	got, refusal := verifier.Verify(vectors()[4].request(t), s3Params(exampleNow))
	if refusal != nil {
		t.Fatal(refusal)
	}
	want := &sigv4.Verified{
		Scheme: sigv4.Query, Algorithm: "AWS4-HMAC-SHA256", AccessKeyID: exampleID, KeyVersion: 1, SignedAt: exampleNow, Expires: 24 * time.Hour,
		Region: "us-east-1", Service: "s3", Payload: "UNSIGNED-PAYLOAD", SignedHeaders: "host",
	}
	if diff := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool {
		f, ok := p.Last().(cmp.StructField)
		return ok && f.Name()[0] >= 'a'
	}, cmp.Ignore())); diff != "" {
		t.Errorf("Verified (-want +got):\n%s", diff)
	}
	got, refusal = verifier.Verify(vectors()[0].request(t), s3Params(exampleNow))
	if refusal != nil || got.Scheme != sigv4.Header || got.Expires != 0 || got.Payload != emptyHash {
		t.Errorf("header: %+v, %v", got, refusal)
	}
}

// TestKeyVersions: a new version of a secret is not verified with what was
// derived from the old one.
func TestKeyVersions(t *testing.T) {
	t.Parallel()
	verifier := sigv4.NewVerifier(sigv4.Options{})
	current := &sigv4.Key{Secret: secret.New(exampleSecret), Version: 1}
	p := s3Params(exampleNow)
	p.Keys = oneKey{current}
	verify := func() *wire.Refusal {
		_, refusal := verifier.Verify(vectors()[0].request(t), p)
		return refusal
	}
	if refusal := verify(); refusal != nil {
		t.Fatal(refusal)
	}
	*current = sigv4.Key{Secret: secret.New("rotated"), Version: 2}
	if refusal := verify(); refusal == nil {
		t.Error("accepted with a secret that was replaced")
	}
	*current = sigv4.Key{Secret: secret.New(exampleSecret), Version: 3}
	if refusal := verify(); refusal != nil {
		t.Error(refusal)
	}
}

type oneKey struct{ key *sigv4.Key }

func (k oneKey) Key(string, string) (sigv4.Key, error) { return *k.key, nil }

func TestIsAuthParam(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"X-Amz-Signature": true, "x-amz-credential": true, "X-AMZ-SECURITY-TOKEN": true, "X-Amz-S3session-Token": true,
		"X-Amz-Content-Sha256": true, "X-Amz-Region-Set": true, "AWSAccessKeyId": true, "Signature": true,
		"x-amz-acl": false, "X-Amz-Tagging": false, "x-amz-": false, "prefix": false, "": false, "signature": false,
		"X-Amz-Copy-Source": false, "X-Amz-Signature2": false,
	} {
		if got := sigv4.IsAuthParam(name); got != want {
			t.Errorf("IsAuthParam(%q) = %v", name, got)
		}
	}
}
