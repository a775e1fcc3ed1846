package extauthz

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// watchInterval is how often a watched health is looked at.
const watchInterval = time.Second

// services are the names that health is told of: the whole server, and the
// service that Envoy calls.
var services = [...]string{"", service.ServiceName}

// health tells whether requests should be sent here: a bundle is active and the
// process is not about to end.
type health struct {
	healthv1.UnimplementedHealthServer
	ready func() bool
	// ended is closed when the server stops: whoever watches is not waited for.
	ended chan struct{}
}

func (h *health) now() healthv1.HealthCheckResponse_ServingStatus {
	if h.ready() {
		return healthv1.HealthCheckResponse_SERVING
	}
	return healthv1.HealthCheckResponse_NOT_SERVING
}

// Check tells the health of one service.
func (h *health) Check(_ context.Context, in *healthv1.HealthCheckRequest) (*healthv1.HealthCheckResponse, error) {
	if !slices.Contains(services[:], in.GetService()) {
		return nil, status.Error(codes.NotFound, "unknown service")
	}
	return &healthv1.HealthCheckResponse{Status: h.now()}, nil
}

// List tells the health of all services.
func (h *health) List(context.Context, *healthv1.HealthListRequest) (*healthv1.HealthListResponse, error) {
	out := &healthv1.HealthListResponse{Statuses: make(map[string]*healthv1.HealthCheckResponse, len(services))}
	for _, name := range services {
		out.Statuses[name] = &healthv1.HealthCheckResponse{Status: h.now()}
	}
	return out, nil
}

// Watch tells the health of one service, and again whenever it changes.
func (h *health) Watch(in *healthv1.HealthCheckRequest, stream grpc.ServerStreamingServer[healthv1.HealthCheckResponse]) error {
	tick := time.NewTicker(watchInterval)
	defer tick.Stop()
	told := healthv1.HealthCheckResponse_UNKNOWN
	for {
		now := healthv1.HealthCheckResponse_SERVICE_UNKNOWN
		if slices.Contains(services[:], in.GetService()) {
			now = h.now()
		}
		if now != told {
			if err := stream.Send(&healthv1.HealthCheckResponse{Status: now}); err != nil {
				return err
			}
			told = now
		}
		select {
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		case <-h.ended:
			return status.Error(codes.Unavailable, "the server stops")
		case <-tick.C:
		}
	}
}
