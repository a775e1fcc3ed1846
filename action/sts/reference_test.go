package sts_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sallyport-iam/sallyport/action"
	"github.com/sallyport-iam/sallyport/action/sts"
	"github.com/sallyport-iam/sallyport/wire"
	"github.com/sallyport-iam/sallyport/wire/refusal"
)

var update = flag.Bool("update", false, "write the files that are made from code")

// TestReferenceIsCurrent makes docs/sts.md from the table.
func TestReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	want := reference()
	const file = "../../docs/sts.md"
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/sts.md is stale: run make generate")
	}
}

// TestErrorsAreAnswered holds that clients get the codes and the statuses that the
// reference tells.
func TestErrorsAreAnswered(t *testing.T) {
	t.Parallel()
	for _, e := range errorRows {
		if e.from == "" {
			e.from = e.code
		}
		resp := refusal.Render(refusal.Query, &wire.Refusal{Status: e.status, Code: e.from, Message: "m"}, refusal.Facts{RequestID: "R", Namespace: sts.Namespace})
		var body bytes.Buffer
		if _, err := body.ReadFrom(resp.Body); err != nil {
			t.Fatal(err)
		}
		if resp.Status != e.status || !strings.Contains(body.String(), "<Code>"+e.code+"</Code>") {
			t.Errorf("%s is answered %d: %s", e.code, resp.Status, body.String())
		}
	}
}

// errorRows are the errors of the reference; from is what the code is before it is
// said in the query protocol, if that is another one.
var errorRows = []struct {
	code   string
	status int
	from   string
	when   string
}{
	{"AccessDenied", 403, "", "Denied. A role that does not exist is denied as one that does, so that nobody can find out. A second factor that is missing or wrong is this, too."},
	{"ExpiredToken", 403, "", "The session that signed is over: ask for new credentials."},
	{"ExpiredTokenException", 400, "", "The web identity token, or the SAML response, is over."},
	{"IDPCommunicationError", 400, "", "The provider's keys could not be had. Clients try again."},
	{"IDPRejectedClaim", 403, "", "The token is genuine, and what it claims cannot be used."},
	{"IncompleteSignature", 400, "AuthorizationHeaderMalformed", "The Authorization header cannot be read, or is of another region or service."},
	{"InternalFailure", 500, "InternalError", "The log tells."},
	{"InvalidAction", 400, "", "No operation of STS, one that is not served, another version than 2011-06-15, another path than `/`."},
	{"InvalidAuthorizationMessageException", 400, "", "An encoded message that is none, or that is of another account or deployment."},
	{"InvalidClientTokenId", 403, "InvalidAccessKeyId", "The access key is unknown or inactive, or its session token is not in force: whose session it is may be gone."},
	{"InvalidIdentityToken", 400, "", "The token is not one of a provider that the role's account declares, or is not meant for it."},
	{"InvalidParameterValue", 400, "", "A tag that goes on from the caller's session, and is passed again; a managed session policy that the role's account does not have."},
	{"InvalidQueryParameter", 400, "", "A parameter that is not known, or is given twice; a list with a gap; parameters in two places; a body that is no form."},
	{"MalformedPolicyDocument", 400, "", "The session policy is no policy."},
	{"MalformedQueryString", 400, "", "A percent-escape that is none, a raw `;`, a text that is not UTF-8."},
	{"MissingAction", 400, "", "There is no parameter `Action`."},
	{"MissingAuthenticationToken", 403, "", "The request carries no credentials."},
	{"PackedPolicyTooLarge", 400, "", "Session policies and tags do not fit into a token."},
	{"RegionDisabledException", 403, "", "Temporary credentials are off: there are no session keys, or this replica has no key to issue with. The message says which."},
	{"RequestEntityTooLarge", 413, "EntityTooLarge", "More than 64 KiB, or 160 KiB with a SAML response."},
	{"ServiceUnavailable", 503, "", "No bundle is in force yet. Clients try again."},
	{"SignatureDoesNotMatch", 403, "", "The wrong secret, or a clock that is wrong: *Signature expired* and *Signature not yet current* tell in which direction."},
	{"Throttling", 400, "SlowDown", "The memory for bodies is spent. Clients try again."},
	{"ValidationError", 400, "", "Values outside their constraints, all of them at once; a life that is longer than the role allows; a parameter that AWS has and that is not supported here."},
}

const referenceHead = `<!-- Made by "make generate" from the package action/sts. Do not edit. -->

# STS: operations, parameters, errors

What Sallyport answers of the AWS Security Token Service, API version 2011-06-15. Requests
are forms (` + "`POST /`" + `, ` + "`application/x-www-form-urlencoded`" + `), or have their parameters in the
query (` + "`GET /`" + `, presigned or not, and ` + "`POST /`" + ` without a body), never both. A form has at most
%d KiB, or %d KiB with a SAML response, and %d parameters. What is presigned is good for 15 minutes,
whatever ` + "`X-Amz-Expires`" + ` says, which may be left out.

What is not in these tables is refused by its name, and so is what can be read in two ways:
a parameter given twice, a list with a gap, a percent-escape that is none. In a form ` + "`+`" + ` is
a space; in a query it is ambiguous, and refused: send ` + "`%%20`" + ` or ` + "`%%2B`" + `.

## Operations

| operation | who calls it | what decides |
|---|---|---|
`

// decided says of each operation who calls it and what decides.
var decided = map[string][2]string{
	"AssumeRole": {"a user, or a session of a role",
		"the role's trust policy, and the caller's own policies where that names the account alone or another account. Tags need `sts:TagSession` too, a source identity `sts:SetSourceIdentity`."},
	"AssumeRoleWithSAML":         {"who holds a SAML response; the request is not signed", "the role's trust policy"},
	"AssumeRoleWithWebIdentity":  {"who holds an OpenID Connect token; the request is not signed", "the role's trust policy"},
	"DecodeAuthorizationMessage": {"users and sessions of roles", "`sts:DecodeAuthorizationMessage` on `*`. A message is decoded in the account of who was denied alone."},
	"GetAccessKeyInfo":           {"users and sessions of roles", "`sts:GetAccessKeyInfo` on `*`"},
	"GetCallerIdentity":          {"everybody who signed", "nothing: it cannot be denied"},
	"GetFederationToken": {"a user with a long-term key",
		"`sts:GetFederationToken` on `arn:aws:sts::ACCOUNT:federated-user/NAME`, and with tags `sts:TagSession`"},
	"GetSessionToken": {"a user with a long-term key", "nothing: it cannot be denied"},
}

const referenceTail = `
## Differences to AWS

* Parameters that are unknown are refused; AWS overlooks them. What it has and nobody here
  reads is refused, too: ` + "`ProvidedContexts`, `ProviderId`" + `.
* Without session keys everything that issues credentials answers ` + "`RegionDisabledException`" + `.
* ` + "`GetAccessKeyInfo`" + ` knows the long-term keys of all accounts here, and of temporary ones only the
  caller's own: those are stored nowhere. AWS tells the account of every key id.
* Numbers are written as numbers are: ` + "`0900` and `+900`" + ` are no ` + "`DurationSeconds`" + `.
* The decoded authorization message has the keys, the action and the resource as AWS has
  them; of the statement that denied it has the ` + "`Sid`" + ` and, in addition, the name of its policy.
  Of a resource of another account it tells neither the tags nor what that account's policies say.
* Answers are XML, whatever ` + "`Accept`" + ` asks for.
* MinIO's extensions are not served: ` + "`AssumeRoleWithLDAPIdentity`, `AssumeRoleWithCertificate`," + `
  ` + "`AssumeRoleWithClientGrants`, `AssumeRoleWithCustomToken`" + `. A web identity needs ` + "`RoleArn` and" + `
  ` + "`RoleSessionName`" + `, which MinIO's clients leave out unless they are told.
`

func reference() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, referenceHead, sts.MaxBody>>10, sts.MaxSAMLBody>>10, sts.MaxParameters)
	for _, o := range sts.Operations() {
		if o.Unserved != "" {
			fmt.Fprintf(&b, "| %s | | Not served. %s |\n", o.Name, o.Unserved)
			continue
		}
		fmt.Fprintf(&b, "| **%s** | %s | %s |\n", o.Name, decided[o.Name][0], decided[o.Name][1])
	}
	b.WriteString("\n## Parameters\n\nThose in bold must be there. Values are the characters of AWS's model, and messages say\nin its words which are not. Lists are sent as `Tags.member.1.Key`, numbered from 1.\n\n| operation | parameter | values |\n|---|---|---|\n")
	for _, o := range sts.Operations() {
		for _, p := range o.Parameters {
			name, values := "`"+p.Name+"`", p.Constraint
			if p.Required {
				name = "**" + name + "**"
			}
			if p.Unsupported != "" {
				values = "Not supported: " + p.Unsupported + "."
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", o.Name, name, strings.ReplaceAll(values, "|", `\|`))
		}
	}
	b.WriteString("\nThe tags' keys differ in more than their case, and do not begin with `aws:`. Transitive keys\nare keys of tags. `SerialNumber` and `TokenCode` go together.\n")
	b.WriteString("\n## Actions and condition keys\n\nBesides `aws:ResourceAccount` and the [global ones](bundle.md). `…` stands for the rest of a key. With a web identity\ntoken its claims are keys, too, `PROVIDER:…` with host and path of the provider, and there is `aws:FederatedProvider`.\n\n| action | condition keys |\n|---|---|\n")
	m := sts.New(sts.Options{SAML: true})
	for _, name := range m.Actions() {
		var keys []string
		for _, k := range m.Keys(name) {
			if strings.HasSuffix(k, "/") || strings.HasSuffix(k, ":") {
				k += "…"
			}
			keys = append(keys, "`"+k+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, strings.Join(keys, ", "))
	}
	b.WriteString("\n## Errors\n\nXML as AWS's query services answer, in the namespace `" + sts.Namespace + "`.\n\n| code | status | when |\n|---|---|---|\n")
	for _, e := range errorRows {
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", e.code, e.status, e.when)
	}
	b.WriteString(referenceTail)
	return b.Bytes()
}

// TestReferenceIsWhole holds that every operation that is served is explained, and
// that what holds a credential is not signed.
func TestReferenceIsWhole(t *testing.T) {
	t.Parallel()
	for _, o := range sts.Operations() {
		if who := decided[o.Name]; (who[0] == "") != (o.Unserved != "") {
			t.Errorf("%s: %q", o.Name, who)
		} else if strings.Contains(who[0], "not signed") != (o.Credential != action.NoCredential) {
			t.Errorf("%s: %q", o.Name, who)
		}
	}
}
