// Package model_test compares what Sallyport maps with the operations of AWS's
// SDK.
package model_test

import (
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

var update = flag.Bool("update", false, "write the file of requests")

// modelFile holds the request of each operation of the SDK's model, which the
// tests of action/s3 map.
const modelFile = "../../action/s3/testdata/sdk.txt"

const modelHead = "# The request line of every operation that aws-sdk-go-v2 has, with all query\n" +
	"# parameters that its input can hold. Made by the test in e2e/model with -update.\n"

// TestModel calls every operation of the SDK with an input that has everything
// in it, and compares what would be sent with the file: an operation, a
// sub-resource or a parameter that is new to the SDK shows here, and there
// whether it is mapped.
func TestModel(t *testing.T) {
	t.Parallel()
	var sent *http.Request
	client := s3.New(s3.Options{
		Region:           "us-east-1",
		BaseEndpoint:     aws.String("http://s3.example.com"),
		UsePathStyle:     true,
		Credentials:      credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""),
		RetryMaxAttempts: 1,
		// Directory buckets would be asked for sessions first.
		DisableS3ExpressSessionAuth: aws.Bool(true),
		HTTPClient: doer(func(r *http.Request) (*http.Response, error) {
			sent = r
			return nil, errSent
		}),
	})
	var lines []string
	value := reflect.ValueOf(client)
	for i := range value.NumMethod() {
		name, method := value.Type().Method(i).Name, value.Method(i)
		if method.Type().NumIn() != 3 || !strings.HasSuffix(method.Type().In(1).String(), name+"Input") {
			continue // not an operation
		}
		input := reflect.New(method.Type().In(1).Elem())
		fill(input.Elem())
		sent = nil
		out := method.Call([]reflect.Value{reflect.ValueOf(t.Context()), input})
		if err, _ := out[1].Interface().(error); sent == nil {
			t.Errorf("%s sends nothing: %v", name, err)
			continue
		}
		line := sent.Method + " " + sent.URL.RequestURI()
		if source := sent.Header.Get("x-amz-copy-source"); source != "" {
			line += " [x-amz-copy-source: " + source + "]"
		}
		if source := sent.Header.Get("x-amz-rename-source"); source != "" {
			line += " [x-amz-rename-source: " + source + "]"
		}
		lines = append(lines, line+"  "+name)
	}
	slices.Sort(lines)
	want := modelHead + strings.Join(lines, "\n") + "\n"
	if *update {
		if err := os.WriteFile(modelFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(modelFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the SDK sends now: run go test ./model -update in e2e, and see that go test ./action/s3 passes", modelFile)
	}
}

var errSent = errors.New("sent")

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

// fill gives every member of an input a value that the SDK takes.
func fill(v reflect.Value) {
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Unix(1<<31, 0).UTC()))
	case v.Type() == reflect.TypeFor[io.Reader]():
		v.Set(reflect.ValueOf(strings.NewReader("x")))
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			switch {
			case !field.IsExported(), strings.HasPrefix(field.Name, "Checksum"), field.Name == "ResultMetadata":
				continue
			case field.Name == "Bucket" && field.Type == reflect.TypeFor[*string]():
				v.Field(i).Set(reflect.ValueOf(aws.String("reports")))
			case field.Name == "Key" && field.Type == reflect.TypeFor[*string]():
				v.Field(i).Set(reflect.ValueOf(aws.String("2026/q1.csv")))
			case field.Name == "PartNumberMarker" && field.Type == reflect.TypeFor[*string]():
				v.Field(i).Set(reflect.ValueOf(aws.String("7")))
			case field.Type == reflect.TypeFor[types.ObjectEncryption]():
				v.Field(i).Set(reflect.ValueOf(&types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: aws.String("a1")}}))
			case field.Name == "CopySource":
				v.Field(i).Set(reflect.ValueOf(aws.String("archive/old/q1.csv")))
			case field.Name == "RenameSource":
				v.Field(i).Set(reflect.ValueOf(aws.String("reports/old/q1.csv")))
			default:
				fill(v.Field(i))
			}
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case v.Kind() == reflect.String:
		v.SetString("a1")
	case v.CanInt():
		v.SetInt(7)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	}
}
