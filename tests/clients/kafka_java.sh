#!/bin/bash
# kafka-clients for Java, and aws-msk-iam-auth, whose jars lie in the folder KAFKA_JARS: AdminClient, producer, consumer, over
# each way into MSK.
set -eu
[ -d "${KAFKA_JARS:-/nowhere}" ] && command -v java >/dev/null && command -v javac >/dev/null || { echo "no jars in KAFKA_JARS, or no JDK"; exit 77; }
cat >KafkaTest.java <<'JAVA'
import java.time.Duration;
import java.util.*;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.*;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.*;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.*;

public class KafkaTest {
    static final String MSK = ".demo.abcdef.c2.kafka.us-east-1.amazonaws.com:";

    static void expect(Object got, Object want) {
        if (!Objects.equals(got, want)) throw new AssertionError("got " + got + ", want " + want);
    }

    static Properties to(String servers, String... more) {
        Properties p = new Properties();
        p.put("bootstrap.servers", servers);
        p.put("auto.offset.reset", "earliest");
        p.put("enable.auto.commit", "false");
        p.put("group.id", "java-group");
        for (int i = 0; i < more.length; i += 2) p.put(more[i], more[i + 1]);
        return p;
    }

    static KafkaProducer<String, String> producer(Properties p, String... more) {
        Properties all = new Properties();
        all.putAll(p);
        for (int i = 0; i < more.length; i += 2) all.put(more[i], more[i + 1]);
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    static void everything(Properties p) throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "java");
        try (AdminClient admin = AdminClient.create(p)) {
            NewTopic wish = new NewTopic("java", 3, (short) 3).configs(Collections.singletonMap("cleanup.policy", "compact"));
            admin.createTopics(Collections.singleton(wish)).all().get();
            try {
                admin.createTopics(Collections.singleton(wish)).all().get();
                throw new AssertionError("created twice");
            } catch (ExecutionException e) {
                expect(e.getCause().getClass(), TopicExistsException.class);
            }
            TopicDescription d = admin.describeTopics(Collections.singleton("java")).values().get("java").get();
            expect(d.partitions().size(), 3);
            expect(d.partitions().get(0).isr().size(), 3);
            expect(admin.describeConfigs(Collections.singleton(topic)).all().get().get(topic).get("cleanup.policy").value(), "compact");
            expect(admin.describeCluster().nodes().get().size(), 1);
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            try (KafkaProducer<String, String> plain = producer(p); KafkaProducer<String, String> once = producer(p, "enable.idempotence", "true", "acks", "all", "compression.type", "lz4")) {
                for (int i = 0; i < 500; i++) {
                    sent.add(plain.send(new ProducerRecord<>("java", null, "k" + i, "{\"i\":" + i + "}", Collections.singleton(new RecordHeader("h", new byte[] { 1 })))));
                    sent.add(once.send(new ProducerRecord<>("java", "k" + i, "v" + i)));
                }
                for (Future<RecordMetadata> f : sent) f.get();
                try {
                    plain.send(new ProducerRecord<>("java", 0, "k", String.join("", Collections.nCopies(1048590, "x")))).get();
                    throw new AssertionError("a record too large was taken");
                } catch (ExecutionException e) {
                    expect(e.getCause().getClass(), RecordTooLargeException.class);
                }
            }
            try (KafkaConsumer<String, String> c = new KafkaConsumer<>(p, new StringDeserializer(), new StringDeserializer())) {
                c.subscribe(Collections.singleton("java"));
                Set<String> seen = new HashSet<>();
                long end = System.currentTimeMillis() + 60000;
                while (seen.size() < 1000 && System.currentTimeMillis() < end)
                    for (ConsumerRecord<String, String> r : c.poll(Duration.ofMillis(200))) seen.add(r.partition() + "/" + r.offset());
                expect(seen.size(), 1000);
                c.commitSync();
                long sum = 0;
                for (OffsetAndMetadata o : admin.listConsumerGroupOffsets("java-group").partitionsToOffsetAndMetadata().get().values()) sum += o.offset();
                expect(sum, 1000L);
                expect(admin.describeConsumerGroups(Collections.singleton("java-group")).all().get().get("java-group").state().toString(), "Stable");
            }
            admin.incrementalAlterConfigs(Collections.singletonMap(topic, Collections.singleton(new AlterConfigOp(new ConfigEntry("retention.ms", "77"), AlterConfigOp.OpType.SET)))).all().get();
            admin.createPartitions(Collections.singletonMap("java", NewPartitions.increaseTo(5))).all().get();
            admin.deleteConsumerGroups(Collections.singleton("java-group")).all().get();
            admin.deleteTopics(Collections.singleton("java")).all().get();
        }
    }

    static void refused(Properties p) throws Exception {
        try (AdminClient admin = AdminClient.create(p)) {
            admin.listTopics().names().get();
            throw new AssertionError("let in");
        } catch (ExecutionException e) {
            expect(e.getCause().getClass(), SaslAuthenticationException.class);
        }
    }

    public static void main(String[] args) throws Exception {
        String scram = "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"kafka-user\" password=\"";
        everything(to(System.getenv("KAFKA_BOOTSTRAP_SERVERS")));
        everything(to("b-1" + MSK + "9092"));
        everything(to("b-2" + MSK + "9094", "security.protocol", "SSL"));
        everything(to("b-3" + MSK + "9096", "security.protocol", "SASL_SSL", "sasl.mechanism", "SCRAM-SHA-512", "sasl.jaas.config", scram + "kafka-secret\";"));
        refused(to("b-3" + MSK + "9096", "security.protocol", "SASL_SSL", "sasl.mechanism", "SCRAM-SHA-512", "sasl.jaas.config", scram + "wrong\";"));
        String done = "plain, TLS, SCRAM";
        try {
            Class.forName("software.amazon.msk.auth.iam.IAMLoginModule");
            everything(to("b-1" + MSK + "9098", "security.protocol", "SASL_SSL", "sasl.mechanism", "AWS_MSK_IAM", "sasl.jaas.config", "software.amazon.msk.auth.iam.IAMLoginModule required;",
                          "sasl.client.callback.handler.class", "software.amazon.msk.auth.iam.IAMClientCallbackHandler"));
            done += ", IAM";
        } catch (ClassNotFoundException e) {
            done += "; no aws-msk-iam-auth";
        }
        System.out.println("kafka-clients " + org.apache.kafka.common.utils.AppInfoParser.getVersion() + " ok: " + done);
    }
}
JAVA
javac -cp "$KAFKA_JARS/*" -d classes KafkaTest.java
java -Dorg.slf4j.simpleLogger.defaultLogLevel=off -cp "classes:$KAFKA_JARS/*" KafkaTest
