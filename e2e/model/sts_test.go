package model_test

import (
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// stsFile holds the form of each operation of the SDK's model of STS, which the
// tests of action/sts read.
const stsFile = "../../action/sts/testdata/sdk.txt"

const stsHead = "# The form of every operation that aws-sdk-go-v2 has for STS, with all parameters,\n" +
	"# and with empty lists. Made by the test in e2e/model with -update.\n"

// stsInputs have everything in them that the SDK can send.
var stsInputs = []any{
	&sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::111122223333:role/reports/reader"), RoleSessionName: aws.String("alice@example.com"),
		DurationSeconds: aws.Int32(900), ExternalId: aws.String("partner:7/a"), Policy: aws.String(`{"Version": "2012-10-17", "Statement": []}`),
		PolicyArns: []types.PolicyDescriptorType{
			{Arn: aws.String("arn:aws:iam::111122223333:policy/readers")}, {Arn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess")},
		},
		SerialNumber: aws.String("arn:aws:iam::111122223333:mfa/alice"), TokenCode: aws.String("123456"), SourceIdentity: aws.String("alice"),
		Tags:              []types.Tag{{Key: aws.String("team"), Value: aws.String("größe + co")}, {Key: aws.String("empty"), Value: aws.String("")}},
		TransitiveTagKeys: []string{"team"},
		ProvidedContexts:  []types.ProvidedContext{{ContextAssertion: aws.String("asserted"), ProviderArn: aws.String("arn:aws:iam::aws:contextProvider/IdentityCenter")}},
	},
	&sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::111122223333:role/reader"), RoleSessionName: aws.String("s1"),
		PolicyArns: []types.PolicyDescriptorType{}, Tags: []types.Tag{}, TransitiveTagKeys: []string{},
	},
	&sts.AssumeRoleWithSAMLInput{
		RoleArn: aws.String("arn:aws:iam::111122223333:role/reader"), PrincipalArn: aws.String("arn:aws:iam::111122223333:saml-provider/idp"),
		SAMLAssertion: aws.String("PHNhbWw+"), DurationSeconds: aws.Int32(3600), Policy: aws.String("{}"),
		PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::111122223333:policy/readers")}},
	},
	&sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::111122223333:role/reader"), RoleSessionName: aws.String("build-7"), WebIdentityToken: aws.String("e30.e30.c2ln"),
		ProviderId: aws.String("www.amazon.com"), DurationSeconds: aws.Int32(3600), Policy: aws.String("{}"),
		PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::111122223333:policy/readers")}},
	},
	&sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::111122223333:role/reader"), RoleSessionName: aws.String("build-7"), WebIdentityToken: aws.String("e30.e30.c2ln"),
	},
	&sts.AssumeRootInput{
		TargetPrincipal: aws.String("111122223333"), TaskPolicyArn: &types.PolicyDescriptorType{Arn: aws.String("arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials")},
		DurationSeconds: aws.Int32(900),
	},
	&sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("AQ-_a+b/c=")},
	&sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("AKIAIOSFODNN7EXAMPLE")},
	&sts.GetCallerIdentityInput{},
	&sts.GetDelegatedAccessTokenInput{TradeInToken: aws.String("token")},
	&sts.GetFederationTokenInput{
		Name: aws.String("bob"), DurationSeconds: aws.Int32(43200), Policy: aws.String("{}"),
		PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::111122223333:policy/readers")}},
		Tags:       []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
	},
	&sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900), SerialNumber: aws.String("arn:aws:iam::111122223333:mfa/alice"), TokenCode: aws.String("123456")},
	&sts.GetWebIdentityTokenInput{
		Audience: []string{"https://api.example.com"}, SigningAlgorithm: aws.String("RS256"), DurationSeconds: aws.Int32(300),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
	},
}

// TestSTSModel compares the forms that the SDK sends with the file: an operation or
// a parameter that is new to the SDK shows here, and there whether it is read.
func TestSTSModel(t *testing.T) {
	t.Parallel()
	var body string
	client := stsClient(func(r *http.Request) (*http.Response, error) {
		text, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		body = string(text)
		if r.Method != http.MethodPost || r.URL.RequestURI() != "/" || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
			t.Errorf("%s %s %s", r.Method, r.URL, r.Header.Get("Content-Type"))
		}
		return nil, errSent
	})
	var lines []string
	called := map[string]bool{}
	for _, input := range stsInputs {
		body = ""
		err := callSTS(t, client, input, nil)
		if body == "" {
			t.Errorf("%T sends nothing: %v", input, err)
		}
		lines = append(lines, body)
		called[strings.TrimSuffix(reflect.TypeOf(input).Elem().Name(), "Input")] = true
	}
	for i, clientType := 0, reflect.TypeOf(client); i < clientType.NumMethod(); i++ {
		method := clientType.Method(i)
		if method.Type.NumIn() == 4 && strings.HasSuffix(method.Type.In(2).String(), method.Name+"Input") && !called[method.Name] {
			t.Errorf("the SDK has %s now: give it an input", method.Name)
		}
	}
	for _, input := range stsInputs {
		if v := reflect.ValueOf(input).Elem(); v.NumField() > 1 {
			for i := range v.NumField() - 1 { // the last one is no parameter
				if f := v.Type().Field(i); f.IsExported() && v.Field(i).IsZero() && !partial(input) {
					t.Errorf("%T has no %s", input, f.Name)
				}
			}
		}
	}
	want := stsHead + strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(stsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(stsFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the SDK sends now: run go test ./model -update in e2e, and see that go test ./action/sts passes", stsFile)
	}
}

// partial tells of an input that is not the one with everything of its operation.
func partial(input any) bool {
	first := slices.IndexFunc(stsInputs, func(i any) bool { return reflect.TypeOf(i) == reflect.TypeOf(input) })
	return stsInputs[first] != input
}

func stsClient(do doer) *sts.Client {
	return sts.New(sts.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://sts.example.com"), RetryMaxAttempts: 1, HTTPClient: do,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""),
	})
}

// callSTS calls the operation of an input, and gives its output to see.
func callSTS(t *testing.T, client *sts.Client, input any, see func(output reflect.Value)) error {
	t.Helper()
	name := strings.TrimSuffix(reflect.TypeOf(input).Elem().Name(), "Input")
	out := reflect.ValueOf(client).MethodByName(name).Call([]reflect.Value{reflect.ValueOf(t.Context()), reflect.ValueOf(input)})
	err, _ := out[1].Interface().(error)
	if err == nil && see != nil {
		see(out[0])
	}
	return err
}
