import { describeCaptures } from '../describe-capture.ts';

describeCaptures('logfire-', { messageAttributes: /^(request_data|response_data)$/ });
