package sigv4_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/sigv4"
	"github.com/sallyport-iam/sallyport/wire"
)

// The requests and signatures of the signing test suite that AWS publishes with
// awslabs/aws-c-auth (tests/aws-signing-test-suite/v4, Apache License 2.0): all
// 38 cases, each signed in its header and in its query.
const (
	suiteToken = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"
	suiteSTS   = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
	suiteHash  = "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e" // of Param1=value1
	alphabet   = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

type suiteCase struct {
	name, target string
	fields       []string // but host, date and token
	token        string
	body         string
	// header and query are the published signatures.
	header, query string
	// refused is why Verify does not accept the request; "" if it does.
	refused string
	// unnormalised: the suite signs the path as it is, which services but Amazon
	// S3 do not do.
	unnormalised bool
}

// Why a case is refused.
const (
	// Where a path has dot segments or empty ones, what was signed and what an
	// application is asked for are two paths, or may be.
	notNormal = "InvalidURI"
	rawPath   = "SignatureDoesNotMatch"
)

func suite() []suiteCase {
	return []suiteCase{
		{name: "get-header-key-duplicate", target: "/", fields: []string{"my-header1", "value2", "my-header1", "value2", "my-header1", "value1"},
			header: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea", query: "3349ee0b81b4b589da0ff28a395c3591e04de515651dd74f298fa992d1507a97"},
		// A line fold is one space, as the suite has it in its present form; before, it was a
		// comma.
		{name: "get-header-value-multiline", target: "/", fields: []string{"my-header1", "value1 value2 value3"},
			header: "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd", query: "e6f5def831211aca02987a44b96826706278c7bc078112ae0263659c5b2f2d56"},
		{name: "get-header-value-order", target: "/", fields: []string{"my-header1", "value4", "my-header1", "value1", "my-header1", "value3", "my-header1", "value2"},
			header: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01", query: "313720e71ca6202fdcfa9b20f88de01a4eb0638a83c833b1c184359a4eda864e"},
		{name: "get-header-value-trim", target: "/", fields: []string{"my-header1", " value1", "my-header2", ` "a   b   c"`},
			header: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736", query: "e7bb0fd515e125e1aec2ecc4c0c17484fb06f6846b927c35e46005dd3df3acd4"},
		{name: "get-relative-normalized", target: "/example/..", refused: notNormal,
			header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", query: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
		{name: "get-relative-unnormalized", target: "/example/..", refused: notNormal, unnormalised: true,
			header: "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282", query: "cbcb213b928a077e43275df47b500f1dfaa864ab3f5a18f6b95f4ff0938167ee"},
		{name: "get-relative-relative-normalized", target: "/example1/example2/../..", refused: notNormal,
			header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", query: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
		{name: "get-relative-relative-unnormalized", target: "/example1/example2/../..", refused: notNormal, unnormalised: true,
			header: "dc33e0856fd4baca4d7aa2146c38958283844764f38c74252a333df5e613003b", query: "b45db0bfd1cf15003493b733e33aa208dd981bd0e63037a6ed953f71d2118a16"},
		{name: "get-slash-normalized", target: "//", refused: notNormal,
			header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", query: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
		{name: "get-slash-unnormalized", target: "//", refused: notNormal, unnormalised: true,
			header: "c88bcd3d312d75078c0cd961d6deae3f4c754924b01669efcfcb439fd5e5b76e", query: "b2a9542809db687769200f56a844a03f2bd0291d6eb90232d5101c6a579446cd"},
		{name: "get-slashes-normalized", target: "//example//", refused: notNormal,
			header: "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84", query: "c1834e8fb0307243711f0f907f6ab7311ed300d87f13792d7ee4da89ab93e082"},
		{name: "get-slashes-unnormalized", target: "//example//", refused: notNormal, unnormalised: true,
			header: "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5", query: "822a5a9ba28072c5ab2bb4a6307d0c88276d40e49fec6b724c03fb4d4ba60fc2"},
		{name: "get-slash-dot-slash-normalized", target: "/./", refused: notNormal,
			header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", query: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
		{name: "get-slash-dot-slash-unnormalized", target: "/./", refused: notNormal, unnormalised: true,
			header: "68714168e6557f8f2de0ef956fc24dc2593a4bd2961f8df51898d8a134695145", query: "a9b13e8f3484d9505bf1a6f347219f8f35b0fe8f128ceea597efc146a3dfe90c"},
		{name: "get-slash-pointless-dot-normalized", target: "/./example", refused: notNormal,
			header: "ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5", query: "35034b1a0bdd969f346975386daf8aedfd4976573b8348cf4f67eaa41c5857de"},
		{name: "get-slash-pointless-dot-unnormalized", target: "/./example", refused: notNormal, unnormalised: true,
			header: "beb03f223f7deae4146464f06e29eebbee9c8afbe15c290cf07aa8b119e14cff", query: "72b11f16d9530b18204bfb71f2d6ab085894c0ed8d352730a6e76234c58b5e10"},
		// The suite has the space and the letter raw in the path, and signs them
		// encoded once. No request target holds them raw, and what is encoded on the
		// wire is encoded again before it is signed.
		{name: "get-space-normalized", target: "/example%20space/", refused: rawPath,
			header: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741", query: "7a1f416954786484c9824d93c1f26ef64acb9b1b6c9154d08c9f07d0e394abf6"},
		{name: "get-space-unnormalized", target: "/example%20space/", refused: rawPath, // nothing to normalise: as the one before
			header: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741", query: "7a1f416954786484c9824d93c1f26ef64acb9b1b6c9154d08c9f07d0e394abf6"},
		{name: "get-utf8", target: "/%E1%88%B4", refused: rawPath,
			header: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85", query: "10eae3f14a260bd3911cc6d008d3c576d143b05b62f09782a7a4b37f52178e44"},
		{name: "get-unreserved", target: "/" + alphabet,
			header: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f", query: "95968482db1b9e0fadef6efc1bd24689f77c77d9ef56919c96a28cc92e0d6005"},
		{name: "get-vanilla", target: "/",
			header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", query: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
		{name: "get-vanilla-query", target: "/",
			header: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", query: "e93c787ed7f371d5c6b165c1b38ede9550f4dce4144713e844b25b7192d3865d"},
		{name: "get-vanilla-query-order-encoded", target: "/?Param-3=Value3&Param=Value2&%E1%88%B4=Value1",
			header: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac", query: "c5f1848ceec943ac2ca68ee720460c23aaae30a2300586597ada94c4a65e4787"},
		{name: "get-vanilla-query-order-key-case", target: "/?Param2=value2&Param1=value1",
			header: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", query: "86012e2c9ad4d77369f5d81c11f75158aae4f895a085212cc6d3f923d300bed5"},
		{name: "get-vanilla-query-unreserved", target: "/?" + alphabet + "=" + alphabet,
			header: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197", query: "8e76a88a7433637b12778d5592799b29ad21ecd6cf6325051c21d86f0acda2bf"},
		{name: "get-vanilla-empty-query-key", target: "/?Param1=value1",
			header: "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb", query: "49096700cbbaa5753443850f40df10f904fc2fdb544dc9512203cc77c471a9de"},
		{name: "get-vanilla-utf8-query", target: "/?%E1%88%B4=bar",
			header: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04", query: "0bdd809b1519ac4f0c1dc3540e2cc46bd0c7f778eda408b2ebf3b913d21ff600"},
		{name: "get-vanilla-with-session-token", target: "/", token: suiteToken,
			header: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8", query: "7ff2b50b376cb4d151970630573d6291dc128cc5c2a12ffb237f73cc53f67b6c"},
		{name: "post-header-key-case", target: "/",
			header: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", query: "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b"},
		{name: "post-header-key-sort", target: "/", fields: []string{"my-header1", "value1"},
			header: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c", query: "c09d07e0d55871f10f2a6d350d994acf6825a3cae70673d7def55616e6119dd7"},
		{name: "post-header-value-case", target: "/", fields: []string{"my-header1", "VALUE1"},
			header: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d", query: "0698bc9e4f7f9139065ba2909c0e99da257e8e2a42492a097bcd46d792391fed"},
		{name: "post-sts-header-before", target: "/", fields: []string{"x-amz-security-token", suiteSTS},
			header: "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead", query: "aca67b49ed321f377645504bccbd5a65f9085c536ff1961bc49c835d30827b16"},
		// The token comes after signing; see TestSuiteAsPublished.
		{name: "post-sts-header-after", target: "/",
			header: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", query: "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b"},
		{name: "post-vanilla", target: "/",
			header: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", query: "2ce6e6d2e0cf2f9d1b55fafec88cd20574c31dc2e7631979f71ba2310083e95b"},
		{name: "post-vanilla-query", target: "/?Param1=value1",
			header: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11", query: "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682"},
		{name: "post-vanilla-empty-query-value", target: "/?Param1=value1",
			header: "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11", query: "a9ef26247f293bffe40eeff86a0480ba8c14d31503b2e0c3399e3a16bf1a3682"},
		{name: "post-x-www-form-urlencoded", target: "/", body: "Param1=value1",
			fields: []string{"content-type", "application/x-www-form-urlencoded", "content-length", "13", "x-amz-content-sha256", suiteHash},
			header: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b", query: "c2348f57d08c84939944d6c878b3f7be56316f8e7fd6817e81eded279a362d69"},
		{name: "post-x-www-form-urlencoded-parameters", target: "/", body: "Param1=value1",
			fields: []string{"content-type", "application/x-www-form-urlencoded; charset=utf-8", "content-length", "13", "x-amz-content-sha256", suiteHash},
			header: "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422", query: "1b8d9ac4ab8553a224622753bae7714608a7c61f8994dbd385150e6da12114df"},
	}
}

const suiteCredential = "AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"

// request is the case signed in its header.
func (c *suiteCase) request(t testing.TB) *wire.Request {
	names, fields := c.signed("x-amz-date"), append(slices.Clone(c.fields), "x-amz-date", "20150830T123600Z")
	if c.token != "" {
		fields = append(fields, "x-amz-security-token", c.token)
		names = append(names, "x-amz-security-token")
	}
	fields = append(fields, "authorization", "AWS4-HMAC-SHA256 Credential="+suiteCredential+", SignedHeaders="+strings.Join(names, ";")+", Signature="+c.header)
	return newRequest(t, c.method(), "example.amazonaws.com", c.target, c.body, fields...)
}

// presigned is the case signed in its query; signature and what follows it.
func (c *suiteCase) presigned(t testing.TB, after string) *wire.Request {
	separator := "?"
	if strings.Contains(c.target, "?") {
		separator = "&"
	}
	target := c.target + separator + "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" + strings.ReplaceAll(suiteCredential, "/", "%2F") +
		"&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=" + strings.Join(c.signed(), "%3B") + "&X-Amz-Expires=3600"
	if c.token != "" {
		target += "&X-Amz-Security-Token=" + c.token
	}
	return newRequest(t, c.method(), "example.amazonaws.com", target+"&X-Amz-Signature="+c.query+after, c.body, c.fields...)
}

func (c *suiteCase) method() string {
	method, _, _ := strings.Cut(c.name, "-")
	return strings.ToUpper(method)
}

func (c *suiteCase) signed(more ...string) []string {
	names := append([]string{"host"}, more...)
	for i := 0; i < len(c.fields); i += 2 {
		names = append(names, c.fields[i])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *suiteCase) params() sigv4.Params {
	value := suiteSecret
	if c.token != "" {
		value += " " + c.token
	}
	if slices.Contains(c.fields, suiteSTS) {
		value += " " + suiteSTS
	}
	return sigv4.Params{
		Now: suiteNow, Service: "service", Regions: []string{"us-east-1"}, Keys: keys{"AKIDEXAMPLE": value},
		Payload: sigv4.PayloadRule{BodyHash: hashOf(c.body)},
	}
}

func TestSuite(t *testing.T) {
	t.Parallel()
	cases := suite()
	if len(cases) != 38 {
		t.Errorf("%d cases", len(cases))
	}
	verifier := sigv4.NewVerifier(sigv4.Options{})
	for _, tt := range cases {
		for carrier, req := range map[string]*wire.Request{"header": tt.request(t), "query": tt.presigned(t, "")} {
			_, refusal := verifier.Verify(req, tt.params())
			code := ""
			if refusal != nil {
				code = refusal.Code
			}
			if code != tt.refused {
				t.Errorf("%s, %s: %v, want %q", tt.name, carrier, refusal, tt.refused)
			}
			// A refused path is written down as signers do that leave it as it is.
			e := verifier.Explain(req, tt.params())
			if matched := e.Matched == 0; matched != (tt.refused == "" || tt.unnormalised) {
				t.Errorf("%s, %s: the signature matches: %v; %v", tt.name, carrier, matched, e.Faults)
			}
		}
	}
}

// TestSuiteAsPublished: some of the suite's files are not what a server may
// accept, and say so.
func TestSuiteAsPublished(t *testing.T) {
	t.Parallel()
	cases := map[string]suiteCase{}
	for _, c := range suite() {
		cases[c.name] = c
	}
	verifier := sigv4.NewVerifier(sigv4.Options{})
	refused := func(name string, req *wire.Request, p sigv4.Params, code string) {
		t.Helper()
		if _, refusal := verifier.Verify(req, p); refusal == nil || refusal.Code != code {
			t.Errorf("%s: %v, want %s", name, refusal, code)
		}
	}
	// All presigned requests come with x-amz-date as a field, unsigned.
	vanilla := cases["get-vanilla"]
	req := vanilla.presigned(t, "")
	req.Fields.Add("x-amz-date", "20150830T123600Z")
	refused("a date beside the presigned one", req, vanilla.params(), "AccessDenied")
	// A token that is added after signing is not bound to the request.
	after := cases["post-sts-header-after"]
	p := after.params()
	p.Keys = keys{"AKIDEXAMPLE": suiteSecret + " " + suiteSTS}
	req = after.request(t)
	req.Fields.Add("x-amz-security-token", suiteSTS)
	refused("a token behind the signature", req, p, "AccessDenied")
	token := strings.NewReplacer("/", "%2F", "+", "%2B", "=", "%3D").Replace(suiteSTS)
	refused("a token behind the signature of a query", after.presigned(t, "&X-Amz-Security-Token="+token), p, "SignatureDoesNotMatch")
	// The token stands twice.
	session := cases["get-vanilla-with-session-token"]
	refused("a token twice", session.presigned(t, "&X-Amz-Security-Token="+suiteToken), session.params(), "InvalidArgument")
	// x-amz-content-sha256 is signed and does not come.
	form := cases["post-x-www-form-urlencoded"]
	req = form.presigned(t, "")
	req.Fields.Del("x-amz-content-sha256")
	refused("without a signed field", req, form.params(), "SignatureDoesNotMatch")
	for _, target := range []string{"/example space/", "/ሴ", "/?ሴ=bar"} {
		if _, _, _, refusal := wire.ParseTarget(target); refusal == nil || refusal.Code != "InvalidURI" {
			t.Errorf("%s: %v", target, refusal)
		}
	}
}
