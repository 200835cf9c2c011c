-- The heat database of a MOS 4.1 controller, Havana 2013.2.4: schema version 28, all of it utf8.
-- Texts that are not ASCII lie as such a heat stores them, UTF-8 bytes over a latin1 connection; one was written over
-- utf8. Logins are encrypted with the key of heat.conf, URLs of guests are signed, properties of events are pickles.

SET NAMES utf8;
SET FOREIGN_KEY_CHECKS = 0;

CREATE TABLE event (
  id int(11) NOT NULL AUTO_INCREMENT, stack_id varchar(36) NOT NULL, created_at datetime, updated_at datetime,
  resource_status varchar(255), resource_name varchar(255), physical_resource_id varchar(255),
  resource_status_reason varchar(255), resource_type varchar(255), resource_properties blob,
  resource_action varchar(255), PRIMARY KEY (id), KEY stack_id (stack_id),
  CONSTRAINT event_ibfk_1 FOREIGN KEY (stack_id) REFERENCES stack (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE migrate_version (
  repository_id varchar(250) NOT NULL, repository_path text, version int(11), PRIMARY KEY (repository_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE raw_template (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, template longtext, PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE resource (
  id varchar(36) NOT NULL, nova_instance varchar(255), name varchar(255), created_at datetime, updated_at datetime,
  status varchar(255), status_reason varchar(255), stack_id varchar(36) NOT NULL, rsrc_metadata longtext,
  action varchar(255), PRIMARY KEY (id), KEY stack_id (stack_id),
  CONSTRAINT resource_ibfk_1 FOREIGN KEY (stack_id) REFERENCES stack (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE resource_data (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, `key` varchar(255), value text,
  redact tinyint(1), resource_id varchar(36) NOT NULL, PRIMARY KEY (id), KEY resource_id (resource_id),
  CONSTRAINT resource_data_ibfk_1 FOREIGN KEY (resource_id) REFERENCES resource (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE stack (
  id varchar(36) NOT NULL, created_at datetime, updated_at datetime, name varchar(255),
  raw_template_id int(11) NOT NULL, user_creds_id int(11) NOT NULL, username varchar(256), owner_id varchar(36),
  status varchar(255), status_reason varchar(255), parameters longtext, timeout int(11), tenant varchar(256),
  disable_rollback tinyint(1) NOT NULL, action varchar(255), deleted_at datetime, PRIMARY KEY (id),
  KEY raw_template_id (raw_template_id), KEY user_creds_id (user_creds_id),
  CONSTRAINT stack_ibfk_1 FOREIGN KEY (raw_template_id) REFERENCES raw_template (id),
  CONSTRAINT stack_ibfk_2 FOREIGN KEY (user_creds_id) REFERENCES user_creds (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE user_creds (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, username varchar(255),
  password varchar(255), tenant varchar(1024), auth_url text, tenant_id varchar(256), trustor_user_id varchar(64),
  trust_id varchar(255), PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE watch_data (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, data longtext,
  watch_rule_id int(11) NOT NULL, PRIMARY KEY (id), KEY watch_rule_id (watch_rule_id),
  CONSTRAINT watch_data_ibfk_1 FOREIGN KEY (watch_rule_id) REFERENCES watch_rule (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

CREATE TABLE watch_rule (
  id int(11) NOT NULL AUTO_INCREMENT, created_at datetime, updated_at datetime, name varchar(255),
  state varchar(255), rule longtext, last_evaluated datetime, stack_id varchar(36) NOT NULL, PRIMARY KEY (id),
  KEY stack_id (stack_id), CONSTRAINT watch_rule_ibfk_1 FOREIGN KEY (stack_id) REFERENCES stack (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8;

INSERT INTO event VALUES
  (1,'7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','2014-08-21 09:00:05',NULL,'IN_PROGRESS','Server',NULL,'state changed','AWS::EC2::Instance',X'80027d7101285806000000d098d0bcd18f71025808000000d09dd18dd181d18f710358080000005573657244617461710458b001000023212f62696e2f62617368202d760a2f6f70742f6177732f62696e2f63666e2d7369676e616c202d652030202d7220646f6e652022687474703a2f2f3137322e31362e34302e34333a383030302f76312f77616974636f6e646974696f6e2f61726e2533416f70656e737461636b253341686561742533412533416338373632656165393731323337386535393163653765396635343037643239253341737461636b73253246776f726470726573732d3125324637643162316331652d356130622d346331652d396435352d3063386630663165326130312532467265736f75726365732532465761697448616e646c653f54696d657374616d703d323031342d30382d3231543039253341303025334130305a265369676e61747572654d6574686f643d486d6163534841323536264157534163636573734b657949643d3666316332623361346435653466363037313832393361346235633664376538265369676e617475726556657273696f6e3d32265369676e61747572653d51694f6b49564c653279714f31475834554d4f6234734244374f2532464e6362786a685a587854546753577359253344220a58040000005461677371055d71067d710728580500000056616c756571084e58030000004b6579710958010000006175615807000000496d6167654964710a580600000054657374564d710b752e','CREATE'),
  (2,'7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','2014-08-21 09:03:00',NULL,'COMPLETE','Server','75eee200-5961-4e2e-bc9f-b6c276c68554','state changed','AWS::EC2::Instance',X'80027d7101285806000000d098d0bcd18f71025808000000d09dd18dd181d18f710358080000005573657244617461710458b001000023212f62696e2f62617368202d760a2f6f70742f6177732f62696e2f63666e2d7369676e616c202d652030202d7220646f6e652022687474703a2f2f3137322e31362e34302e34333a383030302f76312f77616974636f6e646974696f6e2f61726e2533416f70656e737461636b253341686561742533412533416338373632656165393731323337386535393163653765396635343037643239253341737461636b73253246776f726470726573732d3125324637643162316331652d356130622d346331652d396435352d3063386630663165326130312532467265736f75726365732532465761697448616e646c653f54696d657374616d703d323031342d30382d3231543039253341303025334130305a265369676e61747572654d6574686f643d486d6163534841323536264157534163636573734b657949643d3666316332623361346435653466363037313832393361346235633664376538265369676e617475726556657273696f6e3d32265369676e61747572653d51694f6b49564c653279714f31475834554d4f6234734244374f2532464e6362786a685a587854546753577359253344220a58040000005461677371055d71067d710728580500000056616c756571084e58030000004b6579710958010000006175615807000000496d6167654964710a580600000054657374564d710b752e','CREATE'),
  (3,'7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','2014-08-21 09:00:03',NULL,'COMPLETE','WaitHandle','5a6b7c8d9e0f41a2b3c4d5e6f7a8b9c0','state changed','AWS::CloudFormation::WaitConditionHandle',X'80027d71012e','CREATE'),
  (4,'7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','2014-08-21 09:12:00',NULL,'COMPLETE','WaitCondition',NULL,'state changed','AWS::CloudFormation::WaitCondition',X'80027d7101285805000000436f756e7471024b01580600000048616e646c6571035879010000687474703a2f2f3137322e31362e34302e34333a383030302f76312f77616974636f6e646974696f6e2f61726e2533416f70656e737461636b253341686561742533412533416338373632656165393731323337386535393163653765396635343037643239253341737461636b73253246776f726470726573732d3125324637643162316331652d356130622d346331652d396435352d3063386630663165326130312532467265736f75726365732532465761697448616e646c653f54696d657374616d703d323031342d30382d3231543039253341303025334130305a265369676e61747572654d6574686f643d486d6163534841323536264157534163636573734b657949643d3666316332623361346435653466363037313832393361346235633664376538265369676e617475726556657273696f6e3d32265369676e61747572653d51694f6b49564c653279714f31475834554d4f6234734244374f2532464e6362786a685a587854546753577359253344580700000054696d656f7574710458030000003630307105752e','CREATE'),
  (5,'7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','2014-08-21 09:20:00',NULL,'COMPLETE','ScaleUpPolicy',NULL,'alarm state changed to alarm','AWS::AutoScaling::ScalingPolicy',X'80027d71012e','SIGNAL'),
  (6,'7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a02','2014-08-21 09:07:00',NULL,'COMPLETE','WebGroup-0','4ebc7c3e-0000-4000-8000-000000000002','state changed','AWS::EC2::Instance',X'80027d71015807000000496d61676549647102580600000054657374564d7103732e','CREATE'),
  (7,'7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a03','2014-08-22 10:01:00',NULL,'FAILED','server',NULL,'Resource create failed: Error: Quota exceeded for instances: Requested 1, but already used 10 of 10 instances (ÐŸÑ€Ð¾ÐµÐºÑ‚ Â«ÐÐ»ÑŒÑ„Ð°Â» ÐÑÑÑ) O\'Brien \\ Resource create failed: Error: Quota exceeded for instances: Requested 1, but already used 10 of','OS::Nova::Server',X'80027d71015805000000696d6167657102580600000054657374564d7103732e','CREATE'),
  (8,'7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a04','2014-07-02 08:00:00',NULL,'COMPLETE','x','xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx','state changed','OS::Heat::Long',X'80027d7100580300000062696771015820030000d18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18fd18f7102732e','DELETE'),
  (9,'7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a04',NULL,NULL,'COMPLETE','y',NULL,'state changed','OS::Heat::NoDate',NULL,'DELETE');

INSERT INTO migrate_version VALUES
  ('heat','/usr/lib/python2.6/site-packages/heat/db/sqlalchemy/migrate_repo',28);

INSERT INTO raw_template VALUES
  (1,'2014-08-21 09:00:00',NULL,'{\"AWSTemplateFormatVersion\": \"2010-09-09\", \"Outputs\": {\"WebsiteURL\": {\"Value\": {\"Fn::Join\": [\"\", [\"http://\", {\"Fn::GetAtt\": [\"Server\", \"PublicIp\"]}, \"/\"]]}}}, \"Parameters\": {\"KeyName\": {\"Type\": \"String\", \"Description\": \"\\u041a\\u043b\\u044e\\u0447 SSH\"}, \"InstanceType\": {\"Default\": \"m1.tiny\", \"Type\": \"String\"}, \"DBPassword\": {\"Default\": \"\\u043f\\u0430\\u0440\\u043e\\u043b\\u044c\", \"NoEcho\": \"true\", \"Type\": \"String\"}}, \"Description\": \"\\u041f\\u0440\\u0438\\u043c\\u0435\\u0440: WordPress, O\'Brien \\\"q\\\" \\\\ %s\", \"Resources\": {\"CPUAlarmHigh\": {\"Type\": \"OS::Ceilometer::Alarm\", \"Properties\": {\"meter_name\": \"cpu_util\", \"alarm_actions\": [{\"Fn::GetAtt\": [\"ScaleUpPolicy\", \"AlarmUrl\"]}], \"evaluation_periods\": \"1\", \"period\": \"60\", \"statistic\": \"avg\", \"threshold\": \"50\", \"comparison_operator\": \"gt\"}}, \"HostKeys\": {\"Type\": \"AWS::IAM::AccessKey\", \"Properties\": {\"UserName\": {\"Ref\": \"CfnUser\"}}}, \"WebGroup\": {\"Type\": \"AWS::AutoScaling::AutoScalingGroup\", \"Properties\": {\"MinSize\": \"1\", \"MaxSize\": \"3\", \"AvailabilityZones\": {\"Fn::GetAZs\": \"\"}, \"LaunchConfigurationName\": {\"Ref\": \"LaunchConfig\"}}}, \"CfnUser\": {\"Type\": \"AWS::IAM::User\"}, \"ScaleUpPolicy\": {\"Type\": \"AWS::AutoScaling::ScalingPolicy\", \"Properties\": {\"ScalingAdjustment\": \"1\", \"Cooldown\": \"60\", \"AutoScalingGroupName\": {\"Ref\": \"WebGroup\"}, \"AdjustmentType\": \"ChangeInCapacity\"}}, \"LaunchConfig\": {\"Type\": \"AWS::AutoScaling::LaunchConfiguration\", \"Properties\": {\"InstanceType\": \"m1.tiny\", \"ImageId\": \"TestVM\"}}, \"WaitCondition\": {\"Type\": \"AWS::CloudFormation::WaitCondition\", \"Properties\": {\"Handle\": {\"Ref\": \"WaitHandle\"}, \"Timeout\": \"600\"}, \"DependsOn\": \"Server\"}, \"Server\": {\"Type\": \"AWS::EC2::Instance\", \"Properties\": {\"UserData\": {\"Fn::Base64\": {\"Fn::Join\": [\"\", [\"#!/bin/bash -v\\n\", \"/opt/aws/bin/cfn-init\\n\", \"/opt/aws/bin/cfn-signal -e 0 -r done \\\"\", {\"Ref\": \"WaitHandle\"}, \"\\\"\\n\"]]}}, \"KeyName\": {\"Ref\": \"KeyName\"}, \"InstanceType\": {\"Ref\": \"InstanceType\"}, \"ImageId\": \"TestVM\"}, \"Metadata\": {\"AWS::CloudFormation::Init\": {\"config\": {\"files\": {\"/etc/cfn/cfn-hup.conf\": {\"content\": \"[main]\\nstack=wordpress-1\\ncredential-file=/etc/cfn/cfn-credentials\\nregion=RegionOne\\ninterval=1\\n\", \"owner\": \"root\", \"group\": \"root\", \"mode\": \"000400\"}, \"/etc/cfn/cfn-credentials\": {\"content\": \"AWSAccessKeyId=6f1c2b3a4d5e4f60718293a4b5c6d7e8\\nAWSSecretKey=00112233445566778899aabbccddeeff\\n\", \"owner\": \"root\", \"group\": \"root\", \"mode\": \"000400\"}, \"/etc/motd\": {\"content\": \"\\u0421\\u0435\\u0440\\u0432\\u0435\\u0440 \\u00ab\\u0410\\u043b\\u044c\\u0444\\u0430\\u00bb \\u041d\\u044d\\u0441\\u044f: http://172.16.40.43:8000 , http://172.16.40.43:8003\\n\", \"owner\": \"root\", \"group\": \"root\", \"mode\": \"000644\"}}, \"services\": {\"systemd\": {\"httpd\": {\"ensureRunning\": \"true\", \"enabled\": \"true\"}}}}}}}, \"WaitHandle\": {\"Type\": \"AWS::CloudFormation::WaitConditionHandle\"}}}'),
  (2,'2014-08-21 09:05:00',NULL,'{\"AWSTemplateFormatVersion\": \"2010/09/09\", \"Resources\": {\"WebGroup-0\": {\"Type\": \"AWS::EC2::Instance\", \"Properties\": {\"Tags\": [{\"Value\": \"WebGroup\", \"Key\": \"AutoScalingGroupName\"}], \"InstanceType\": \"m1.tiny\", \"ImageId\": \"TestVM\"}}}}'),
  (3,'2014-08-22 10:00:00',NULL,'{\"outputs\": {\"ip\": {\"Description\": \"\\u0410\\u0434\\u0440\\u0435\\u0441\", \"Value\": {\"get_attr\": [\"server\", \"first_address\"]}}}, \"heat_template_version\": \"2013-05-23\", \"description\": \"\\u041f\\u0440\\u043e\\u0432\\u0435\\u0440\\u043a\\u0430 HOT: \\u041d\\u044d\\u0441\\u044f\", \"parameters\": {\"count\": {\"default\": 1, \"Type\": \"Number\"}, \"key_name\": {\"type\": \"String\", \"description\": \"\\u0418\\u043c\\u044f \\u043a\\u043b\\u044e\\u0447\\u0430\"}, \"names\": {\"default\": \"\\u043e\\u0434\\u0438\\u043d,\\u0434\\u0432\\u0430\", \"type\": \"comma_delimited_list\"}, \"blob\": {\"default\": {\"\\u043a\\u043b\\u044e\\u0447\": \"v\"}, \"type\": \"json\"}}, \"resources\": {\"port\": {\"type\": \"OS::Neutron::Port\", \"properties\": {\"network\": \"net04\"}}, \"server\": {\"DeletionPolicy\": \"Retain\", \"DependsOn\": \"port\", \"Type\": \"OS::Nova::Server\", \"Properties\": {\"image\": \"TestVM\", \"flavor\": \"m1.tiny\", \"networks\": [{\"port\": {\"get_resource\": \"port\"}}]}, \"Metadata\": {\"note\": \"http://172.16.40.43:8004/v1\"}}}}'),
  (4,'2014-07-01 08:00:00',NULL,'{\"HeatTemplateFormatVersion\": \"2012-12-12\", \"Resources\": {}}');

INSERT INTO resource VALUES
  ('0a000000-0000-4000-8000-000000000001','4f6e7d8c9b0a41f2a3b4c5d6e7f80911','CfnUser','2014-08-21 09:00:01','2014-08-21 09:00:05','COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','{}','CREATE'),
  ('0a000000-0000-4000-8000-000000000002','6f1c2b3a4d5e4f60718293a4b5c6d7e8','HostKeys','2014-08-21 09:00:02','2014-08-21 09:00:06','COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','{}','CREATE'),
  ('0a000000-0000-4000-8000-000000000003','5a6b7c8d9e0f41a2b3c4d5e6f7a8b9c0','WaitHandle','2014-08-21 09:00:03','2014-08-21 09:11:00','COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','{\"1\": {\"Status\": \"SUCCESS\", \"Reason\": \"done\", \"Data\": \"\\u0413\\u043e\\u0442\\u043e\\u0432\\u043e: http://172.16.40.43/\"}}','CREATE'),
  ('0a000000-0000-4000-8000-000000000004',NULL,'WaitCondition','2014-08-21 09:00:04','2014-08-21 09:12:00','COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','{}','CREATE'),
  ('0a000000-0000-4000-8000-000000000005','75eee200-5961-4e2e-bc9f-b6c276c68554','Server','2014-08-21 09:00:05','2014-08-21 09:03:00','COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','{\"AWS::CloudFormation::Init\": {\"config\": {\"files\": {\"/etc/cfn/cfn-hup.conf\": {\"content\": \"[main]\\nstack=wordpress-1\\ncredential-file=/etc/cfn/cfn-credentials\\nregion=RegionOne\\ninterval=1\\n\", \"owner\": \"root\", \"group\": \"root\", \"mode\": \"000400\"}, \"/etc/cfn/cfn-credentials\": {\"content\": \"AWSAccessKeyId=6f1c2b3a4d5e4f60718293a4b5c6d7e8\\nAWSSecretKey=00112233445566778899aabbccddeeff\\n\", \"owner\": \"root\", \"group\": \"root\", \"mode\": \"000400\"}, \"/etc/motd\": {\"content\": \"\\u0421\\u0435\\u0440\\u0432\\u0435\\u0440 \\u00ab\\u0410\\u043b\\u044c\\u0444\\u0430\\u00bb \\u041d\\u044d\\u0441\\u044f: http://172.16.40.43:8000 , http://172.16.40.43:8003\\n\", \"owner\": \"root\", \"group\": \"root\", \"mode\": \"000644\"}}, \"services\": {\"systemd\": {\"httpd\": {\"ensureRunning\": \"true\", \"enabled\": \"true\"}}}}}}','CREATE'),
  ('0a000000-0000-4000-8000-000000000006','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a02','WebGroup','2014-08-21 09:00:06','2014-08-21 09:07:00','COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','{\"scaling_in_progress\": false}','CREATE'),
  ('0a000000-0000-4000-8000-000000000007','6b7c8d9e0f1a42b3c4d5e6f7a8b9c0d1','ScaleUpPolicy','2014-08-21 09:00:07',NULL,'COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','{\"2014-08-21T09:20:00\": \"ChangeInCapacity : 1\"}','CREATE'),
  ('0a000000-0000-4000-8000-000000000008','3f1e2d3c-4b5a-4968-8778-695a4b3c2d1e','CPUAlarmHigh','2014-08-21 09:00:08',NULL,'COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','{}','CREATE'),
  ('0a000000-0000-4000-8000-000000000009','wordpress-1-LaunchConfig-a1b2c3d4e5f6','LaunchConfig','2014-08-21 09:00:09',NULL,'COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','{}','CREATE'),
  ('0a000000-0000-4000-8000-000000000010','4ebc7c3e-0000-4000-8000-000000000002','WebGroup-0','2014-08-21 09:05:10','2014-08-21 09:07:00','COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a02','{}','CREATE'),
  ('0a000000-0000-4000-8000-000000000011','c0ffee00-0000-4000-8000-000000000001','port','2014-08-22 10:00:10',NULL,'COMPLETE','state changed','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a03','{}','CREATE'),
  ('0a000000-0000-4000-8000-000000000012',NULL,'server','2014-08-22 10:00:20','2014-08-22 10:01:00','FAILED','Resource create failed: Error: Quota exceeded for instances: Requested 1, but already used 10 of 10 instances (ÐŸÑ€Ð¾ÐµÐºÑ‚ Â«ÐÐ»ÑŒÑ„Ð°Â» ÐÑÑÑ) O\'Brien \\ ','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a03','{\"note\": \"http://172.16.40.43:8004/v1\"}','CREATE');

INSERT INTO resource_data VALUES
  (1,'2014-08-21 09:00:00',NULL,'ec2_signed_url','http://172.16.40.43:8000/v1/waitcondition/arn%3Aopenstack%3Aheat%3A%3Ac8762eae9712378e591ce7e9f5407d29%3Astacks%2Fwordpress-1%2F7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01%2Fresources%2FWaitHandle?Timestamp=2014-08-21T09%3A00%3A00Z&SignatureMethod=HmacSHA256&AWSAccessKeyId=6f1c2b3a4d5e4f60718293a4b5c6d7e8&SignatureVersion=2&Signature=QiOkIVLe2yqO1GX4UMOb4sBD7O%2FNcbxjhZXxTTgSWsY%3D',0,'0a000000-0000-4000-8000-000000000003'),
  (2,'2014-08-21 09:00:00',NULL,'ec2_signed_url','http://172.16.40.43:8000/v1/signal/arn%3Aopenstack%3Aheat%3A%3Ac8762eae9712378e591ce7e9f5407d29%3Astacks%2Fwordpress-1%2F7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01%2Fresources%2FScaleUpPolicy?Timestamp=2014-08-21T09%3A00%3A00Z&SignatureMethod=HmacSHA256&AWSAccessKeyId=6f1c2b3a4d5e4f60718293a4b5c6d7e8&SignatureVersion=2&Signature=UiNhmiXfY8A1oO%2FWz6jW7loCi2aAbCbuBrA6skIcUNY%3D',0,'0a000000-0000-4000-8000-000000000007'),
  (3,'2014-08-21 09:00:00',NULL,'private_key','avLWZFRfVjmCq4poiBN6/+f4qFaxLxiY4rXd786SMlDcH2bO4s2ocSx3JrfF53bMBWSysfUvaSSgYj0oE+dGSQ4mp1Zzxk8MZ9as+gu5wBo1GzQXCkMhchwKHure6KKXpEuXxiXzoU2CnHFmI1BRvHjOaKVLsc3kMKmpbIRaQqlxvlj803WuMwpQvaubNJI=',1,'0a000000-0000-4000-8000-000000000005'),
  (4,'2014-08-21 09:00:00',NULL,'admin_pass','K+fBUbt5D2Wz0j+c53VbvhyO2SPw6Pxoe54P+V49heE0Ig==',1,'0a000000-0000-4000-8000-000000000012'),
  (5,'2014-08-21 09:00:00',NULL,'no_redact_flag','Ð—Ð½Ð°Ñ‡ÐµÐ½Ð¸Ðµ',NULL,'0a000000-0000-4000-8000-000000000012');

INSERT INTO stack VALUES
  ('7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','2014-08-21 09:00:00','2014-08-21 09:12:00','wordpress-1',1,1,'alice',NULL,'COMPLETE','Stack create completed successfully','{\"parameters\": {\"KeyName\": \"key-1\", \"InstanceType\": \"m1.tiny\", \"DBPassword\": \"\\u0441\\u0435\\u043a\\u0440\\u0435\\u0442\'\\\"\\\\\"}}',60,'c8762eae9712378e591ce7e9f5407d29',1,'CREATE',NULL),
  ('7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a02','2014-08-21 09:05:00','2014-08-21 09:07:00','wordpress-1-WebGroup-x7k2m3n4p5q6',2,2,'alice','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01','COMPLETE','Stack create completed successfully','{}',NULL,'c8762eae9712378e591ce7e9f5407d29',1,'CREATE',NULL),
  ('7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a03','2014-08-22 10:00:00','2014-08-22 10:01:00','hot-failed',3,3,'admin',NULL,'FAILED','Resource create failed: Error: Quota exceeded for instances: Requested 1, but already used 10 of 10 instances (ÐŸÑ€Ð¾ÐµÐºÑ‚ Â«ÐÐ»ÑŒÑ„Ð°Â» ÐÑÑÑ) O\'Brien \\ Resource create failed: Error: Quota exceeded for instances: Requested 1, but already used 10 of','{\"parameters\": {\"key_name\": \"key-1\"}}',60,'5de635260a9ca0f8d82aaad36796bbea',0,'CREATE',NULL),
  ('7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a04','2014-07-01 08:00:00','2014-07-02 08:00:00','old-deleted',4,4,'admin',NULL,'COMPLETE','Стек удалён (proper UTF-8, Нэся)','{}',60,'5de635260a9ca0f8d82aaad36796bbea',1,'DELETE','2014-07-02 08:00:00');

INSERT INTO user_creds VALUES
  (1,'2014-08-21 09:00:00',NULL,'alice','1XnxZdbjZprNDgdcwuR+33Fx3nX+T/Cbnd1XGtD/0h6hYonV8KZfy/pK','ÐŸÑ€Ð¾ÐµÐºÑ‚ Â«ÐÐ»ÑŒÑ„Ð°Â» ÐÑÑÑ','http://10.0.0.4:5000/v2.0','c8762eae9712378e591ce7e9f5407d29',NULL,NULL),
  (2,'2014-08-21 09:05:00',NULL,NULL,NULL,'ÐŸÑ€Ð¾ÐµÐºÑ‚ Â«ÐÐ»ÑŒÑ„Ð°Â» ÐÑÑÑ',NULL,'c8762eae9712378e591ce7e9f5407d29','1b8f4f0b3c1d4f0e8a7b6c5d4e3f2a10','wThnW9N8fkkxgmSr82N5QqrUmcSAkND5HuNaNjagVbrwz3PdbOh5NjiwfdasC/vJ'),
  (3,'2014-08-22 10:00:00',NULL,'admin','7UNEc+0sSy875X+xHSam3w5xkeo/','admin','http://10.0.0.4:5000/v2.0','5de635260a9ca0f8d82aaad36796bbea',NULL,NULL),
  (4,'2014-07-01 08:00:00',NULL,'admin','nPUo063R1+blwR7quYzV9wfiEi4u','admin','http://10.0.0.4:5000/v2.0','5de635260a9ca0f8d82aaad36796bbea',NULL,NULL);

INSERT INTO watch_data VALUES
  (1,'2014-09-03 14:55:00',NULL,'{\"Namespace\": \"system/linux\", \"MemoryUtilization\": {\"Value\": \"40.5\", \"Unit\": \"Percent\", \"Dimensions\": [{\"AutoScalingGroupName\": \"WebGroup\"}]}}',1),
  (2,'2014-09-03 14:56:00',NULL,'{\"Namespace\": \"system/linux\", \"MemoryUtilization\": {\"Value\": \"41.5\", \"Unit\": \"Percent\", \"Dimensions\": [{\"AutoScalingGroupName\": \"WebGroup\"}]}}',1),
  (3,'2014-09-03 14:57:00',NULL,'{\"Namespace\": \"system/linux\", \"MemoryUtilization\": {\"Value\": \"42.5\", \"Unit\": \"Percent\", \"Dimensions\": [{\"AutoScalingGroupName\": \"WebGroup\"}]}}',1);

INSERT INTO watch_rule VALUES
  (1,'2014-08-21 09:01:00','2014-09-03 14:58:00','wordpress-1-MEMAlarmHigh-q1w2e3r4t5y6','NORMAL','{\"EvaluationPeriods\": \"1\", \"Dimensions\": [{\"Name\": \"AutoScalingGroupName\", \"Value\": \"WebGroup\"}], \"AlarmActions\": [\"http://172.16.40.43:8000/v1/signal/arn%3Aopenstack%3Aheat%3A%3Ac8762eae9712378e591ce7e9f5407d29%3Astacks%2Fwordpress-1%2F7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01%2Fresources%2FScaleUpPolicy?Timestamp=2014-08-21T09%3A00%3A00Z&SignatureMethod=HmacSHA256&AWSAccessKeyId=6f1c2b3a4d5e4f60718293a4b5c6d7e8&SignatureVersion=2&Signature=UiNhmiXfY8A1oO%2FWz6jW7loCi2aAbCbuBrA6skIcUNY%3D\"], \"AlarmDescription\": \"\\u041f\\u0430\\u043c\\u044f\\u0442\\u044c > 50% \\u041d\\u044d\\u0441\\u044f\", \"Namespace\": \"system/linux\", \"Period\": \"60\", \"ComparisonOperator\": \"GreaterThanThreshold\", \"Statistic\": \"Average\", \"Threshold\": \"50\", \"MetricName\": \"MemoryUtilization\"}','2014-09-03 14:58:00','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01'),
  (2,'2014-08-21 09:01:01',NULL,'wordpress-1-CPUAlarmHigh-z1x2c3v4b5n6','CEILOMETER_CONTROLLED','{\"meter_name\": \"cpu_util\", \"alarm_actions\": [\"http://172.16.40.43:8000/v1/signal/arn%3Aopenstack%3Aheat%3A%3Ac8762eae9712378e591ce7e9f5407d29%3Astacks%2Fwordpress-1%2F7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01%2Fresources%2FScaleUpPolicy?Timestamp=2014-08-21T09%3A00%3A00Z&SignatureMethod=HmacSHA256&AWSAccessKeyId=6f1c2b3a4d5e4f60718293a4b5c6d7e8&SignatureVersion=2&Signature=UiNhmiXfY8A1oO%2FWz6jW7loCi2aAbCbuBrA6skIcUNY%3D\"]}','2014-08-21 09:01:01','7d1b1c1e-5a0b-4c1e-9d55-0c8f0f1e2a01');

SET FOREIGN_KEY_CHECKS = 1;
