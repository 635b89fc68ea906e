package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
)

// UID that the data source has in the harness, as when it is provisioned.
const UID = "tickscope"

// Build makes the back end's binary at path out of the module's folder.
func Build(ctx context.Context, module, path string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./pkg") //nolint:gosec
	command.Dir = module
	command.Env = append(command.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("the back end does not build (%w):\n%s", err, output)
	}
	return nil
}

// Backend is the built back end, started and spoken to as Grafana does: handshake of go-plugin, then gRPC.
type Backend struct {
	client   *plugin.Client
	data     grpcplugin.DataClient
	health   grpcplugin.DiagnosticsClient
	resource grpcplugin.ResourceClient
	stream   grpcplugin.StreamClient
	log      *lockedBuffer
}

// StartBackend runs the binary. The caller must Stop it.
func StartBackend(binary string) (*Backend, error) {
	log := &lockedBuffer{}
	client := plugin.NewClient(&plugin.ClientConfig{
		Cmd: exec.Command(binary),
		HandshakeConfig: plugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{grpcplugin.ProtocolVersion: {
			"diagnostics": &grpcplugin.DiagnosticsGRPCPlugin{},
			"resource":    &grpcplugin.ResourceGRPCPlugin{},
			"data":        &grpcplugin.DataGRPCPlugin{},
			"stream":      &grpcplugin.StreamGRPCPlugin{},
		}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Debug, Output: log}),
	})
	started := &Backend{client: client, log: log}
	if err := started.dispense(); err != nil {
		client.Kill()
		return nil, fmt.Errorf("the back end does not start (%w):\n%s", err, log)
	}
	return started, nil
}

func (b *Backend) dispense() error {
	protocol, err := b.client.Client()
	if err != nil {
		return err
	}
	parts := map[string]any{}
	for _, name := range []string{"diagnostics", "resource", "data", "stream"} {
		if parts[name], err = protocol.Dispense(name); err != nil {
			return err
		}
	}
	b.health = parts["diagnostics"].(grpcplugin.DiagnosticsClient)
	b.resource = parts["resource"].(grpcplugin.ResourceClient)
	b.data = parts["data"].(grpcplugin.DataClient)
	b.stream = parts["stream"].(grpcplugin.StreamClient)
	return nil
}

// Stop ends the process.
func (b *Backend) Stop() { b.client.Kill() }

// CPU is the processor time that the process has used; 0 where there is no /proc. Linux counts it in hundredths.
func (b *Backend) CPU() time.Duration {
	config := b.client.ReattachConfig()
	if config == nil {
		return 0
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", config.Pid))
	if err != nil {
		return 0
	}
	// After the name in brackets, which may hold blanks: utime and stime are the 12th and 13th.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// Log is everything that the back end has written so far.
func (b *Backend) Log() string { return b.log.String() }

// Settings of the data source that a request is for.
type Settings struct {
	URL, Token string
	TimeoutMs  int
	// Revision tells one set of settings from another: Grafana sends when they were changed.
	Revision int
}

func (s Settings) context() *pluginv2.PluginContext {
	jsonData := []byte("{}")
	if s.TimeoutMs > 0 {
		jsonData = fmt.Appendf(nil, `{"timeoutMs":%d}`, s.TimeoutMs)
	}
	return &pluginv2.PluginContext{
		OrgId:    1,
		PluginId: "tickscope-market-datasource",
		DataSourceInstanceSettings: &pluginv2.DataSourceInstanceSettings{
			Id: 1, Uid: UID, Name: "Tickscope", Url: s.URL, JsonData: jsonData,
			DecryptedSecureJsonData: map[string]string{"token": s.Token},
			LastUpdatedMS:           int64(1000 + s.Revision),
		},
	}
}

// Ask is one panel's request.
type Ask struct {
	From, To      time.Time
	Interval      time.Duration
	MaxDataPoints int64
	Headers       map[string]string
	// Queries by refId: the JSON that a dashboard stores.
	Queries map[string]any
}

// Query asks and decodes the frames from Arrow.
func (b *Backend) Query(ctx context.Context, of Settings, ask Ask) (backend.Responses, error) {
	request := &pluginv2.QueryDataRequest{PluginContext: of.context(), Headers: ask.Headers}
	for ref, model := range ask.Queries {
		text, err := json.Marshal(model)
		if err != nil {
			return nil, err
		}
		request.Queries = append(request.Queries, &pluginv2.DataQuery{
			RefId: ref, Json: text, MaxDataPoints: ask.MaxDataPoints, IntervalMS: ask.Interval.Milliseconds(),
			TimeRange: &pluginv2.TimeRange{FromEpochMS: ask.From.UnixMilli(), ToEpochMS: ask.To.UnixMilli()},
		})
	}
	answer, err := b.data.QueryData(ctx, request)
	if err != nil {
		return nil, err
	}
	decoded, err := backend.FromProto().QueryDataResponse(answer)
	if err != nil {
		return nil, err
	}
	return decoded.Responses, nil
}

// Health is the "Save & test" button.
func (b *Backend) Health(ctx context.Context, of Settings) (*pluginv2.CheckHealthResponse, error) {
	return b.health.CheckHealth(ctx, &pluginv2.CheckHealthRequest{PluginContext: of.context()})
}

// Metrics in Prometheus' text format.
func (b *Backend) Metrics(ctx context.Context) (string, error) {
	answer, err := b.health.CollectMetrics(ctx, &pluginv2.CollectMetricsRequest{})
	if err != nil {
		return "", err
	}
	return string(answer.GetMetrics().GetPrometheus()), nil
}

// Resource asks with GET, path and query as one.
func (b *Backend) Resource(ctx context.Context, of Settings, path, query string) (status int32, body []byte, err error) {
	stream, err := b.resource.CallResource(ctx, &pluginv2.CallResourceRequest{
		PluginContext: of.context(), Method: "GET", Path: path, Url: path + "?" + query,
	})
	if err != nil {
		return 0, nil, err
	}
	var whole bytes.Buffer
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			return status, whole.Bytes(), nil
		}
		if err != nil {
			return 0, nil, err
		}
		if part.GetCode() != 0 {
			status = part.GetCode()
		}
		whole.Write(part.GetBody())
	}
}

// Subscribe asks whether a channel may be followed.
func (b *Backend) Subscribe(ctx context.Context, of Settings, path string) (pluginv2.SubscribeStreamResponse_Status, error) {
	answer, err := b.stream.SubscribeStream(ctx, &pluginv2.SubscribeStreamRequest{PluginContext: of.context(), Path: path})
	return answer.GetStatus(), err
}

// Publish tries to send into a channel.
func (b *Backend) Publish(ctx context.Context, of Settings, path string) (pluginv2.PublishStreamResponse_Status, error) {
	answer, err := b.stream.PublishStream(ctx, &pluginv2.PublishStreamRequest{PluginContext: of.context(), Path: path, Data: []byte("{}")})
	return answer.GetStatus(), err
}

// Run follows a channel; each packet is a frame in Grafana's JSON. It ends with the context.
func (b *Backend) Run(ctx context.Context, of Settings, path string) (func() ([]byte, error), error) {
	stream, err := b.stream.RunStream(ctx, &pluginv2.RunStreamRequest{PluginContext: of.context(), Path: path})
	if err != nil {
		return nil, err
	}
	return func() ([]byte, error) {
		packet, err := stream.Recv()
		return packet.GetData(), err
	}, nil
}
