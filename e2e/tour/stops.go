//go:build unix

package tour

import (
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/sallyport-iam/sallyport/e2e/sallyport"
)

// The tour's buckets and objects.
const (
	reports = "reports"
	home    = "home"

	public = "public/hello.txt"
	draft  = "2026/q1.csv"
	copied = "2026/q1-copy.csv"
	large  = "2026/video.bin"
	secret = "secret/plan.txt"

	greeting  = "hello, reader\n"
	figures   = "quarter,total\nq1,42\n"
	largeSize = 24 << 20
)

// noPolicyAllows is how AWS's sentence ends where nothing allows an action.
func noPolicyAllows(action string) string {
	return "because no identity-based policy allows the " + action + " action"
}

// explicitDeny is how it ends where a policy denies.
const explicitDeny = "with an explicit deny in an identity-based policy"

// stops is the tour. What the door behind Envoy cannot do is part of it.
func stops(behindEnvoy bool) []Stop {
	allow := func(who, call string, do call) Stop {
		return Stop{Who: who, Call: call, Want: Allowed, do: do}
	}
	deny := func(who, call, code, says string, do call) Stop {
		return Stop{Who: who, Call: call, Want: Denied, Code: code, Says: says, do: do}
	}
	const denied = "AccessDenied"
	var opening []Stop
	several := []Stop{{
		Who: "carol", Call: "DeleteObjects " + large + ", " + secret, Want: Partly, Code: denied, Says: explicitDeny,
		do: deleteObjects("carol", large, secret),
	}}
	if behindEnvoy {
		opening = []Stop{{Call: "A request of nobody's", Want: Done, Says: "server: envoy", do: whoAnswers}}
		several = []Stop{
			{Call: "Sallyport cannot change what Envoy forwards", Want: Done, do: told("one denied key denies the whole request")},
			deny("carol", "DeleteObjects "+large+", "+secret, denied, explicitDeny, deleteObjects("carol", large, secret)),
			allow("carol", "DeleteObjects "+large, deleteObjects("carol", large)),
		}
	}
	return slices.Concat(opening, []Stop{
		allow("carol", "CreateBucket reports", createBucket("carol", reports)),
		allow("carol", "PutObject "+public, putObject("carol", reports, public, greeting)),
		allow("alice", "PutObject "+draft, putObject("alice", reports, draft, figures)),
		allow("alice", "GetObject "+draft, getObject("alice", draft)),
		allow("bob", "GetObject "+public, getObject("bob", public)),
		allow("bob", "GetObject "+public+" (0-4)", getRange("bob", public)),
		deny("bob", "GetObject "+draft, denied, noPolicyAllows("s3:GetObject"), getObject("bob", draft)),
		deny("bob", "PutObject "+public, denied, noPolicyAllows("s3:PutObject"), putObject("bob", reports, public, "changed")),
		allow("bob", "ListObjectsV2 public/", list("bob", "public/")),
		deny("bob", "ListObjectsV2, the whole bucket", denied, noPolicyAllows("s3:ListBucket"), list("bob", "")),
		allow("alice", "CopyObject "+draft+" to 2026/", copyObject("alice", draft, copied)),
		allow("alice", "DeleteObject "+copied, deleteObject("alice", copied)),
		deny("bob", "DeleteObject "+public, denied, noPolicyAllows("s3:DeleteObject"), deleteObject("bob", public)),
		allow("alice", "multipart 24 MiB up and down", multipart("alice", large)),
		deny("bob", "multipart 24 MiB", denied, noPolicyAllows("s3:PutObject"), multipart("bob", "public/video.bin")),

		allow("alice", "PutObject "+secret, putObject("alice", reports, secret, "attack at dawn\n")),
		deny("carol", "GetObject "+secret, denied, explicitDeny, getObject("carol", secret)),
		deny("carol", "CopyObject "+secret+" to public/", denied, explicitDeny, copyObject("carol", secret, "public/plan.txt")),
	}, several, []Stop{
		allow("carol", "CreateBucket home", createBucket("carol", home)),
		allow("alice", "PutObject home/alice/notes.txt", putObject("alice", home, "alice/notes.txt", "mine\n")),
		deny("alice", "PutObject home/bob/notes.txt", denied, noPolicyAllows("s3:PutObject"), putObject("alice", home, "bob/notes.txt", "his\n")),

		allow("alice", "presigned URL of "+draft, presigned("alice", draft, 0)),
		deny("bob", "presigned URL of "+draft, denied, noPolicyAllows("s3:GetObject"), presigned("bob", draft, 0)),
		deny("alice", "presigned URL, expired", denied, "expired", presigned("alice", draft, -time.Hour)),
		deny("alice", "GetObject, wrong secret", "SignatureDoesNotMatch", "", wrongSecret("alice", draft)),
		deny("alice", "GetObject, dated an hour ago", "RequestTimeTooSkewed", "", wrongDate("alice", draft)),
		deny("mallory", "GetObject, unknown access key", "InvalidAccessKeyId", "", unknownKey("mallory", draft)),
		deny(anonymous, "GetObject "+public, denied, "", getObject(anonymous, public)),

		{Call: "A statement for bob is written into " + visitors, Want: Done, Says: "in force", do: grantBob},
		allow("bob", "GetObject "+draft, getObject("bob", draft)),
		{Call: "The same file is written again, with a mistake", Want: Done, Says: visitors + ":", do: breakVisitors},
		allow("bob", "GetObject "+draft, getObject("bob", draft)),
	})
}

// told is a stop at which nothing happens.
func told(what string) call {
	return func(context.Context, *Guide) (Answer, error) { return Answer{Verdict: Done, Reason: what}, nil }
}

// whoAnswers shows by an answer's header who gave it, and who decided.
func whoAnswers(ctx context.Context, g *Guide) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.Endpoint+"/", nil)
	if err != nil {
		return Answer{}, err
	}
	response, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	if response.Header.Get("x-sallyport-revision") == "" {
		return Answer{Verdict: Failed, Reason: "Sallyport did not decide it: " + response.Status}, nil
	}
	return Answer{Verdict: Done, Reason: response.Status + ", decided by Sallyport, server: " + response.Header.Get("server")}, nil
}

type call = func(context.Context, *Guide) (Answer, error)

// as makes a call of what to do with a client; its error is the answer.
func as(who string, do func(context.Context, *s3.Client) (Answer, error), options ...func(*s3.Options)) call {
	return func(ctx context.Context, g *Guide) (Answer, error) {
		client, err := g.client(ctx, who, options...)
		if err != nil {
			return Answer{}, err
		}
		answer, err := do(ctx, client)
		if err != nil {
			return judge(err)
		}
		return answer, nil
	}
}

func createBucket(who, bucket string) call {
	return as(who, func(ctx context.Context, c *s3.Client) (Answer, error) {
		_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
		return allowed("created"), err
	})
}

func putObject(who, bucket, key, text string) call {
	return as(who, func(ctx context.Context, c *s3.Client) (Answer, error) {
		_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)})
		return allowed("%s stored", size(len(text))), err
	})
}

func getObject(who, key string, options ...func(*s3.Options)) call {
	return as(who, func(ctx context.Context, c *s3.Client) (Answer, error) {
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(reports), Key: &key})
		if err != nil {
			return Answer{}, err
		}
		defer out.Body.Close()
		body, err := io.ReadAll(out.Body)
		return allowed("%s", size(len(body))), err
	}, options...)
}

func getRange(who, key string) call {
	return as(who, func(ctx context.Context, c *s3.Client) (Answer, error) {
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(reports), Key: &key, Range: aws.String("bytes=0-4")})
		if err != nil {
			return Answer{}, err
		}
		defer out.Body.Close()
		body, err := io.ReadAll(out.Body)
		return allowed("%q, content-range %s", body, aws.ToString(out.ContentRange)), err
	})
}

func list(who, prefix string) call {
	return as(who, func(ctx context.Context, c *s3.Client) (Answer, error) {
		input := &s3.ListObjectsV2Input{Bucket: aws.String(reports)}
		if prefix != "" {
			input.Prefix = &prefix
		}
		out, err := c.ListObjectsV2(ctx, input)
		if err != nil {
			return Answer{}, err
		}
		if len(out.Contents) == 1 {
			return allowed("1 object"), nil
		}
		return allowed("%d objects", len(out.Contents)), nil
	})
}

func copyObject(who, from, to string) call {
	return as(who, func(ctx context.Context, c *s3.Client) (Answer, error) {
		_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String(reports), Key: &to, CopySource: aws.String(reports + "/" + from)})
		return allowed("copied by the store"), err
	})
}

func deleteObject(who, key string) call {
	return as(who, func(ctx context.Context, c *s3.Client) (Answer, error) {
		_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(reports), Key: &key})
		return allowed("deleted"), err
	})
}

func deleteObjects(who string, keys ...string) call {
	return as(who, func(ctx context.Context, c *s3.Client) (Answer, error) {
		ids := &types.Delete{}
		for _, key := range keys {
			ids.Objects = append(ids.Objects, types.ObjectIdentifier{Key: aws.String(key)})
		}
		out, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String(reports), Delete: ids})
		if err != nil {
			return Answer{}, err
		}
		if len(out.Errors) == 0 {
			return allowed("%d deleted", len(out.Deleted)), nil
		}
		first := out.Errors[0]
		answer := denial(aws.ToString(first.Code), aws.ToString(first.Message))
		if len(out.Deleted) > 0 && answer.Verdict == Denied {
			answer.Verdict = Partly
		}
		return answer, nil
	})
}

// multipart sends an object in parts and reads it back.
func multipart(who, key string) call {
	return as(who, func(ctx context.Context, c *s3.Client) (Answer, error) {
		sent := sha256.New()
		body := io.TeeReader(io.LimitReader(pattern{}, largeSize), sent)
		_, err := transfermanager.New(c).UploadObject(ctx, &transfermanager.UploadObjectInput{Bucket: aws.String(reports), Key: &key, Body: body})
		if err != nil {
			return Answer{}, err
		}
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(reports), Key: &key}, quiet)
		if err != nil {
			return Answer{}, err
		}
		defer out.Body.Close()
		got := sha256.New()
		if _, err := io.Copy(got, out.Body); err != nil {
			return Answer{}, err
		}
		same := "different"
		if string(got.Sum(nil)) == string(sent.Sum(nil)) {
			same = "equal"
		}
		_, parts, _ := strings.Cut(strings.Trim(aws.ToString(out.ETag), `"`), "-")
		return allowed("%s parts, SHA-256 %s", parts, same), nil
	})
}

// quiet keeps the SDK from saying that it does not check the checksum of an
// object in parts; the tour does.
func quiet(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true }

// pattern is an endless text that differs from place to place.
type pattern struct{}

func (pattern) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(i ^ i>>8)
	}
	return len(p), nil
}

// presigned signs a URL with a clock that is off, and opens it without an SDK.
func presigned(who, key string, off time.Duration) call {
	return func(ctx context.Context, g *Guide) (Answer, error) {
		client, err := g.client(ctx, who)
		if err != nil {
			return Answer{}, err
		}
		request, err := s3.NewPresignClient(client).PresignGetObject(ctx,
			&s3.GetObjectInput{Bucket: aws.String(reports), Key: &key},
			func(o *s3.PresignOptions) { o.Expires, o.Presigner = 5*time.Minute, wrongClock{off} })
		if err != nil {
			return Answer{}, err
		}
		return open(ctx, request.URL)
	}
}

func wrongSecret(who, key string) call {
	return func(ctx context.Context, g *Guide) (Answer, error) {
		guess := *g
		wrong := g.Keys[who]
		wrong.SecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
		guess.Keys = map[string]sallyport.Key{who: wrong}
		return getObject(who, key)(ctx, &guess)
	}
}

func unknownKey(who, key string) call {
	return func(ctx context.Context, g *Guide) (Answer, error) {
		guess := *g
		guess.Keys = map[string]sallyport.Key{who: {AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}}
		return getObject(who, key)(ctx, &guess)
	}
}

func wrongDate(who, key string) call {
	return getObject(who, key, func(o *s3.Options) { o.HTTPSignerV4 = wrongClock{-time.Hour} })
}
