//go:build unix

package e2e_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// TestEnvoySTS: behind Envoy, too, STS and S3 share an endpoint, and what STS issues
// is good there. The answer is the body of what Envoy takes for a denial.
func TestEnvoySTS(t *testing.T) {
	t.Parallel()
	needsSallyport(t)
	e := startEnvoy(t, upstream(shared.store), setup{
		route:   []string{"mode: enforce\n      - {name: sts, service: sts, regions: [us-east-1]}"},
		further: "sessions: {keys: sessions.yaml}\n",
		site: func(site *sallyport.Site) {
			command(t, site, "sessions", "keygen", "--file", site.Path("sessions.yaml"))
		},
	})
	key := shared.keys[admin]
	long := stsClient(e.endpoint, key.AccessKeyID, key.SecretAccessKey, "")
	issued, err := long.GetSessionToken(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := issued.Credentials
	who, err := stsClient(e.endpoint, *c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken).GetCallerIdentity(t.Context(), nil)
	if err != nil || *who.Arn != "arn:aws:iam::"+account+":user/"+admin {
		t.Errorf("the caller is %+v, %v", who, err)
	}
	name, bucket := "a key", bucket(t)
	client := e.at(admin).client(t, func(o *s3.Options) { o.Credentials = temporary(c) })
	if _, err := client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &name, Body: strings.NewReader("text")}); err != nil {
		t.Fatal(err)
	}
	out, err := client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &name})
	if got := text(t, out, err); got != "text" {
		t.Errorf("%q", got)
	}
	for want, ask := range map[string]func() error{
		"MissingAuthenticationToken": func() error {
			_, err := stsClient(e.endpoint, "", "", "").GetCallerIdentity(t.Context(), nil)
			return err
		},
		"InvalidIdentityToken": func() error {
			_, err := stsClient(e.endpoint, "", "", "").AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
				RoleArn: aws.String(roleARN("any")), RoleSessionName: aws.String("tests"), WebIdentityToken: aws.String("a.b.c"),
			})
			return err
		},
		"AccessDenied": func() error {
			_, err := long.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(roleARN("any")), RoleSessionName: aws.String("tests")})
			return err
		},
	} {
		if got := code(ask()); got != want {
			t.Errorf("%q, want %s", got, want)
		}
	}
}
