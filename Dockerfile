# A static binary on a base without shell or package manager, run by a user
# that owns nothing. The configuration and the bundle are mounted:
#
#   docker run --read-only -v ./etc:/etc/sallyport:ro -p 9000:9000 sallyport \
#     serve --config /etc/sallyport/sallyport.yaml
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /sallyport ./cmd/sallyport

FROM gcr.io/distroless/static:nonroot
COPY --from=build /sallyport /usr/local/bin/sallyport
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/sallyport"]
CMD ["serve", "--config", "/etc/sallyport/sallyport.yaml"]
