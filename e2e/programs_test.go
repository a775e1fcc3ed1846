//go:build unix

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/sallyport-iam/sallyport/e2e/process"
	"github.com/sallyport-iam/sallyport/e2e/store"
)

// users are the clients, with what docs/clients.md tells of them.
var users = []user{
	{name: "aws-sdk-go-v2", start: goSDK, clear: "hash", tls: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", presigns: true},
	{name: "boto3", start: boto3, clear: "hash", tls: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", presigns: true},
	{name: "aws-sdk-js", start: javascript(""), clear: "hash", tls: "hash", presigns: true},
	{name: "aws-sdk-js-streams", start: javascript("stream"), clear: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", tls: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"},
	{name: "aws-cli-1", start: awsCLI(func(t testing.TB) string { return pythonTool(t, "aws") }), clear: "hash", presigns: true},
	{name: "aws-cli-2", start: awsCLI(cliVersion2Tool), clear: "hash", presigns: true},
	{name: "s3cmd", start: s3cmd, clear: "hash", mute: func(op operation, key string) bool {
		// It takes a final slash for a folder, and asks with HEAD before it gets.
		return op == getKey || op != listKey && strings.HasSuffix(key, "/")
	}},
	{
		name: "rclone", start: rclone, clear: unsigned, presigns: true, sends: rcloneSends,
		mute: func(operation, string) bool { return true },
	},
	{name: "curl", start: curl, clear: unsigned, mute: func(op operation, key string) bool {
		// It puts a file's name behind what it takes for a folder.
		last := key[strings.LastIndex(key, "/")+1:]
		return op == putKey && (last == "" || last == "..")
	}},
}

func goSDK(t testing.TB, c tool, bucket string) client {
	options := func(o *s3.Options) {
		if strings.HasPrefix(c.place.endpoint, "https:") {
			o.HTTPClient = shared.certificates.client()
		}
	}
	sdk := c.place.client(t, options)
	presigner := s3.NewPresignClient(sdk)
	return func(op operation, key, text string) (string, error) {
		switch op {
		case putKey:
			_, err := sdk.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)})
			return "", err
		case getKey:
			out, err := sdk.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				return "", err
			}
			defer out.Body.Close()
			b, err := io.ReadAll(out.Body)
			return string(b), err
		case headKey:
			out, err := sdk.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				return "", err
			}
			return strconv.FormatInt(*out.ContentLength, 10), nil
		case listKey:
			out, err := sdk.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &key})
			if err != nil {
				return "", err
			}
			keys := []string{}
			for _, o := range out.Contents {
				keys = append(keys, *o.Key)
			}
			return array(keys)
		case deleteKey:
			_, err := sdk.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
			return "", err
		default:
			request, err := presigner.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				return "", err
			}
			return request.URL, nil
		}
	}
}

// array is a JSON array.
func array(keys []string) (string, error) {
	text, err := json.Marshal(keys)
	return string(text), err
}

func boto3(t testing.TB, c tool, bucket string) client {
	c.path = pythonTool(t, "python")
	return c.session(t, "python/boto3_keys.py", c.place.endpoint, bucket).do
}

// javascript is aws-sdk-js, which puts objects from buffers, or from streams.
func javascript(from string) func(t testing.TB, c tool, bucket string) client {
	return func(t testing.TB, c tool, bucket string) client {
		modules, err := node()
		if err != nil {
			skip(t, "no aws-sdk-js: "+err.Error())
		}
		c.path = "node"
		c.env = append(c.env, "NODE_PATH="+modules, "AWS_REGION="+store.Region)
		for _, variable := range c.env {
			if file, ok := strings.CutPrefix(variable, "AWS_CA_BUNDLE="); ok {
				c.env = append(c.env, "NODE_EXTRA_CA_CERTS="+file)
			}
		}
		return c.session(t, "node/keys.cjs", c.place.endpoint, bucket, from).do
	}
}

// awsCLI is aws-cli where path finds it.
func awsCLI(path func(t testing.TB) string) func(t testing.TB, c tool, bucket string) client {
	return func(t testing.TB, c tool, bucket string) client {
		// Version 1 presigns with Signature Version 2 otherwise.
		config := filepath.Join(c.dir, "config")
		if err := os.WriteFile(config, []byte("[default]\ns3 =\n  signature_version = s3v4\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		c.env = append(c.env, "AWS_CONFIG_FILE="+config)
		aws := c.program(t, path(t))
		file := filepath.Join(c.dir, "object")
		api := func(operation string, args ...string) (string, error) {
			return aws(append([]string{"s3api", operation, "--endpoint-url", c.place.endpoint, "--output", "json", "--bucket", bucket}, args...)...)
		}
		return func(op operation, key, text string) (string, error) {
			switch op {
			case putKey:
				return with(file, text, func() (string, error) { return api("put-object", "--key="+key, "--body", file) })
			case getKey:
				return from(file, func() error {
					_, err := api("get-object", "--key="+key, file)
					return err
				})
			case headKey:
				out, err := api("head-object", "--key="+key)
				var head struct{ ContentLength int }
				return strconv.Itoa(parsed(out, &head).ContentLength), err
			case listKey:
				out, err := api("list-objects-v2", "--prefix="+key, "--query", "Contents[].Key")
				return out, err
			case deleteKey:
				return api("delete-object", "--key="+key)
			default:
				out, err := aws("s3", "presign", "s3://"+bucket+"/"+key, "--endpoint-url", c.place.endpoint)
				return strings.TrimSuffix(out, "\n"), err
			}
		}
	}
}

// parsed is what a client printed as JSON.
func parsed[T any](out string, into *T) *T {
	_ = json.Unmarshal([]byte(out), into)
	return into
}

// program is a command-line client written in Python, or of its own kind.
func (c tool) program(t testing.TB, path string) program {
	t.Helper()
	if python := interpreter(t, path); python != "" {
		c.path = python
		return c.forks(t, path)
	}
	c.path = path
	return func(args ...string) (string, error) { return c.try(t.Context(), args...) }
}

// with runs f while a file holds text.
func with(file, text string, f func() (string, error)) (string, error) {
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return "", err
	}
	return f()
}

// from runs f, which is to write a file, and returns what it holds.
func from(file string, f func() error) (string, error) {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if err := f(); err != nil {
		return "", err
	}
	text, err := os.ReadFile(file)
	return string(text), err
}

func s3cmd(t testing.TB, c tool, bucket string) client {
	address := strings.TrimPrefix(c.place.endpoint, "http://")
	config := "[default]\naccess_key = " + c.place.key.AccessKeyID + "\nsecret_key = " + c.place.key.SecretAccessKey +
		"\nhost_base = " + address + "\nhost_bucket = " + address + "\nuse_https = False\n"
	if err := os.WriteFile(filepath.Join(c.dir, ".s3cfg"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s3cmd := c.program(t, pythonTool(t, "s3cmd"))
	file := filepath.Join(c.dir, "object")
	return func(op operation, key, text string) (string, error) {
		url := "s3://" + bucket + "/" + key
		switch op {
		case putKey:
			return with(file, text, func() (string, error) { return s3cmd("put", "--quiet", file, url) })
		case getKey:
			return from(file, func() error {
				_, err := s3cmd("get", "--quiet", url, file)
				return err
			})
		case headKey:
			out, err := s3cmd("info", url)
			_, size, _ := strings.Cut(out, "File size:")
			size, _, _ = strings.Cut(size, "\n")
			return strings.TrimSpace(size), err
		case listKey:
			out, err := s3cmd("ls", "--recursive", url)
			keys := []string{}
			for line := range strings.Lines(out) {
				if _, key, ok := strings.Cut(line, "s3://"+bucket+"/"); ok {
					keys = append(keys, strings.TrimSuffix(key, "\n"))
				}
			}
			if err != nil {
				return "", err
			}
			return array(keys)
		case deleteKey:
			return s3cmd("del", "--quiet", url)
		default:
			out, err := s3cmd("signurl", url, "+600")
			return strings.TrimSuffix(out, "\n"), err
		}
	}
}

// rcloneBinary builds rclone at the version that testdata/rclone pins.
var rcloneBinary = sync.OnceValues(func() (path string, err error) {
	home, err := process.Module()
	if err != nil {
		return "", err
	}
	return process.Build(context.Background(), process.NewProgress(os.Stderr),
		process.Binary{Name: "rclone", Module: filepath.Join(home, "testdata", "rclone"), Package: "."})
})

// rcloneSends are keys that rclone makes others of: it leaves out empty segments,
// and writes the dots of dot segments as full-width ones.
var rcloneSends = map[string]string{
	"a//b": "a/b", "/a": "a", "a/../b": "a/．．/b", "../a": "．．/a", "..": "．．", "a/./b": "a/．/b", "./a+b": "．/a+b", "a/..": "a/．．",
}

func rclone(t testing.TB, c tool, bucket string) client {
	path, err := rcloneBinary()
	if err != nil {
		skip(t, "no rclone: "+err.Error())
	}
	c.path = path
	c.env = append(c.env,
		"RCLONE_CONFIG_S_TYPE=s3", "RCLONE_CONFIG_S_PROVIDER=Other", "RCLONE_CONFIG_S_ENV_AUTH=true",
		"RCLONE_CONFIG_S_ENDPOINT="+c.place.endpoint, "RCLONE_CONFIG_S_REGION="+store.Region,
		"RCLONE_CONFIG="+filepath.Join(c.dir, "rclone.conf"), "RCLONE_RETRIES=1")
	if err := os.WriteFile(filepath.Join(c.dir, "rclone.conf"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.dir, "object")
	return func(op operation, key, text string) (string, error) {
		remote := "S:" + bucket + "/" + key
		switch op {
		case putKey:
			return with(file, text, func() (string, error) { return c.try(t.Context(), "copyto", file, remote) })
		case getKey:
			return c.try(t.Context(), "cat", remote)
		case headKey:
			out, err := c.try(t.Context(), "lsjson", "--stat", remote)
			var stat struct{ Size int }
			return strconv.Itoa(parsed(out, &stat).Size), err
		case listKey:
			// It lists folders, not prefixes.
			folder := key[:strings.LastIndex(key, "/")+1]
			out, err := c.try(t.Context(), "lsjson", "S:"+bucket+"/"+folder)
			if err != nil {
				return "", err
			}
			var files []struct{ Path string }
			keys := []string{}
			for _, f := range *parsed(out, &files) {
				keys = append(keys, folder+f.Path)
			}
			return array(keys)
		case deleteKey:
			return c.try(t.Context(), "deletefile", remote)
		default:
			out, err := c.try(t.Context(), "link", "--expire", "10m", remote)
			return strings.TrimSuffix(out, "\n"), err
		}
	}
}

// curl signs the path of a URL as it is written, so that keys are encoded as S3
// has them, and queries are written in order.
func curl(t testing.TB, c tool, bucket string) client {
	path, err := exec.LookPath("curl")
	if err != nil {
		skip(t, "no curl: "+err.Error())
	}
	c.path = path
	c.before = []string{
		"--silent", "--show-error", "--fail-with-body", "--path-as-is",
		"--aws-sigv4", "aws:amz:" + store.Region + ":s3", "--user", c.place.key.AccessKeyID + ":" + c.place.key.SecretAccessKey,
		"--header", "x-amz-content-sha256: " + unsigned,
	}
	file := filepath.Join(c.dir, "object")
	return func(op operation, key, text string) (string, error) {
		url := c.place.endpoint + "/" + bucket + "/" + encodedKey(key, true)
		answer, err := func() (string, error) {
			switch op {
			case putKey:
				return with(file, text, func() (string, error) { return c.try(t.Context(), "--upload-file", file, url) })
			case headKey:
				out, err := c.try(t.Context(), "--head", "--write-out", "%header{content-length}", "--output", os.DevNull, url)
				return out, err
			case listKey:
				out, err := c.try(t.Context(), c.place.endpoint+"/"+bucket+"?list-type=2&prefix="+encodedKey(key, false))
				if err != nil {
					return out, err
				}
				var result struct {
					Contents []struct{ Key string }
				}
				if err := xml.Unmarshal([]byte(out), &result); err != nil {
					return "", err
				}
				keys := []string{}
				for _, o := range result.Contents {
					keys = append(keys, o.Key)
				}
				return array(keys)
			case deleteKey:
				return c.try(t.Context(), "--request", "DELETE", url)
			default:
				return c.try(t.Context(), url)
			}
		}()
		if err != nil {
			err = errors.New(unescapeXML(err.Error()))
		}
		return answer, err
	}
}

// encodedKey is a key as AWS encodes it in a path, or with its slashes in a
// query.
func encodedKey(key string, path bool) string {
	var b bytes.Buffer
	for i := range len(key) {
		c := key[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 || c == '/' && path {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// unescapeXML is text without XML's entities.
func unescapeXML(text string) string {
	return strings.NewReplacer("&#34;", `"`, "&quot;", `"`, "&#39;", "'", "&apos;", "'", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text)
}
