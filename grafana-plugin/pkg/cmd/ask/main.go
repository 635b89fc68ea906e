// Command ask starts the built back end as Grafana does (go-plugin's handshake, gRPC) and puts to it what stands on
// its standard input: one JSON request a line, one JSON answer a line. Tests in other languages speak through it.
//
//	ask -plugin dist/datasource/gpx_tickscope_market_linux_amd64 -url http://127.0.0.1:8000 [-token T]
//	{"kind":"query","from":1763700000000,"to":1763703600000,"queries":[{"refId":"A","queryType":"vix","maxDataPoints":500,"intervalMs":10000}]}
//	{"kind":"resource","path":"variables/future","parameters":{"underlying":"NSE:INFY"}}
//
// Answers: {"responses":{"A":{"frames":[...],"error":"","status":200}}}, {"status":200,"body":...}, or {"error":"..."}.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/grpcplugin"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
)

const (
	pluginID   = "tickscope-market-datasource"
	askTimeout = time.Minute
	longestAsk = 16 << 20 // bytes of one request line
)

type request struct {
	Kind       string            `json:"kind"`
	From       int64             `json:"from"` // epoch milliseconds
	To         int64             `json:"to"`
	Queries    []json.RawMessage `json:"queries"`
	Path       string            `json:"path"`
	Parameters map[string]string `json:"parameters"`
}

// What Grafana takes out of a query's model beside handing the whole model on.
type envelope struct {
	RefID         string `json:"refId"`
	QueryType     string `json:"queryType"`
	MaxDataPoints int64  `json:"maxDataPoints"`
	IntervalMs    int64  `json:"intervalMs"`
}

type backEnd struct {
	data     grpcplugin.DataClient
	resource grpcplugin.ResourceClient
	context  *pluginv2.PluginContext
}

func main() {
	executable := flag.String("plugin", "", "the built back end")
	api := flag.String("url", "", "root of Tickscope's API")
	token := flag.String("token", "", "token of the API")
	flag.Parse()
	if err := run(*executable, *api, *token, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ask:", err)
		os.Exit(1)
	}
}

func run(executable, api, token string, in io.Reader, out io.Writer) error {
	client := goplugin.NewClient(&goplugin.ClientConfig{
		Cmd: exec.Command(executable),
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion:  grpcplugin.ProtocolVersion,
			MagicCookieKey:   grpcplugin.MagicCookieKey,
			MagicCookieValue: grpcplugin.MagicCookieValue,
		},
		VersionedPlugins: map[int]goplugin.PluginSet{grpcplugin.ProtocolVersion: {
			"data":     &grpcplugin.DataGRPCPlugin{},
			"resource": &grpcplugin.ResourceGRPCPlugin{},
		}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr}),
	})
	defer client.Kill()
	end, err := connect(client, api, token)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestAsk)
	answers := json.NewEncoder(out)
	for lines.Scan() {
		if err := answers.Encode(end.answer(lines.Bytes())); err != nil {
			return err
		}
	}
	return lines.Err()
}

func connect(client *goplugin.Client, api, token string) (*backEnd, error) {
	protocol, err := client.Client()
	if err != nil {
		return nil, fmt.Errorf("the back end does not start: %w", err)
	}
	data, err := protocol.Dispense("data")
	if err != nil {
		return nil, err
	}
	resource, err := protocol.Dispense("resource")
	if err != nil {
		return nil, err
	}
	settings := &pluginv2.DataSourceInstanceSettings{
		Id: 1, Uid: "tickscope", Name: "Tickscope", Url: api, ApiVersion: "", JsonData: []byte("{}"),
		LastUpdatedMS: time.Now().UnixMilli(),
	}
	if token != "" {
		settings.DecryptedSecureJsonData = map[string]string{"token": token}
	}
	return &backEnd{
		data:     data.(grpcplugin.DataClient),
		resource: resource.(grpcplugin.ResourceClient),
		context:  &pluginv2.PluginContext{OrgId: 1, PluginId: pluginID, DataSourceInstanceSettings: settings},
	}, nil
}

func (b *backEnd) answer(line []byte) any {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	var asked request
	err := json.Unmarshal(line, &asked)
	var answer any
	if err == nil {
		switch asked.Kind {
		case "query":
			answer, err = b.query(ctx, asked)
		case "resource":
			answer, err = b.call(ctx, asked)
		default:
			err = fmt.Errorf("kind must be query or resource, not %q", asked.Kind)
		}
	}
	if err != nil {
		return map[string]string{"error": err.Error()}
	}
	return answer
}

func (b *backEnd) query(ctx context.Context, asked request) (any, error) {
	queries := make([]*pluginv2.DataQuery, 0, len(asked.Queries))
	for _, model := range asked.Queries {
		var e envelope
		if err := json.Unmarshal(model, &e); err != nil {
			return nil, err
		}
		queries = append(queries, &pluginv2.DataQuery{
			RefId: e.RefID, QueryType: e.QueryType, MaxDataPoints: e.MaxDataPoints, IntervalMS: e.IntervalMs, Json: model,
			TimeRange: &pluginv2.TimeRange{FromEpochMS: asked.From, ToEpochMS: asked.To},
		})
	}
	response, err := b.data.QueryData(ctx, &pluginv2.QueryDataRequest{PluginContext: b.context, Queries: queries})
	if err != nil {
		return nil, err
	}
	decoded, err := backend.FromProto().QueryDataResponse(response)
	if err != nil {
		return nil, err
	}
	responses := map[string]any{}
	for ref, one := range decoded.Responses {
		message := ""
		if one.Error != nil {
			message = one.Error.Error()
		}
		responses[ref] = map[string]any{"frames": one.Frames, "error": message, "status": int(one.Status)}
	}
	return map[string]any{"responses": responses}, nil
}

func (b *backEnd) call(ctx context.Context, asked request) (any, error) {
	parameters := url.Values{}
	for name, value := range asked.Parameters {
		parameters.Set(name, value)
	}
	stream, err := b.resource.CallResource(ctx, &pluginv2.CallResourceRequest{
		PluginContext: b.context, Method: "GET", Path: asked.Path, Url: asked.Path + "?" + parameters.Encode(),
	})
	if err != nil {
		return nil, err
	}
	status, body := int32(0), []byte{}
	for {
		part, err := stream.Recv()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if part.Code != 0 {
			status = part.Code
		}
		body = append(body, part.Body...)
	}
	return map[string]any{"status": status, "body": json.RawMessage(body)}, nil
}
